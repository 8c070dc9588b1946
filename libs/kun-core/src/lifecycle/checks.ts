import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/**
 * Checks one dependency of a probe: fails by throwing, rejecting or returning `false`. `signal` aborts at the timeout;
 * a check that honours it leaves nothing behind when it hangs.
 */
export type Check = (context: { readonly signal: AbortSignal }) => Promise<boolean | void> | boolean | void;

/** Options of one check. */
export interface CheckOptions {
  /**
   * After this many milliseconds the check has failed. Default 800: below the kubelet's default timeout of one second,
   * so that a hanging check is still named.
   */
  readonly timeoutMs?: number;
  /** How long a result is cached, in milliseconds, so that many probes run one check. Default 1000. */
  readonly cacheMs?: number;
}

/** The response of a probe: an entry for each check, in Terminus' form. */
export type ProbeReport = HealthIndicatorResult;

/** Where probes log that a check begins or stops failing; Nest's `LoggerService` fits. */
export interface ProbeLogger {
  log(message: string): void;
  warn(message: string): void;
}

/**
 * The checks of one probe, run through Terminus with timeout and cache. Logs one line when a result changes rather than
 * one per probe. The reason of a failure goes to the log and not into the report.
 */
export class Checks {
  private readonly entries = new Map<string, CheckEntry>();

  constructor(
    private readonly options: {
      /** The probe's name for messages, such as `readiness`. */
      readonly probe: string;
      readonly logger: ProbeLogger;
      /** Names that a check must not have, because the report uses them itself. */
      readonly reserved: readonly string[];
      /** Called after a check began or stopped failing. */
      readonly onTransition: () => void;
    },
  ) {}

  /**
   * Adds a check and returns a function that removes it. `assumed` is its state before its first result.
   *
   * @throws {Error} when the name is taken, reserved, or contains other characters than letters, digits, `.`, `_` and
   * `-`.
   */
  add(name: string, check: Check, assumed: 'passing' | 'failing', options: CheckOptions = {}): () => void {
    const { probe, reserved, onTransition } = this.options;
    if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
      throw new Error(`${JSON.stringify(name)} cannot name a ${probe} check; use letters, digits and . _ -`);
    }
    if (reserved.includes(name) || this.entries.has(name)) {
      throw new Error(`${probe} already reports "${name}"; give the check another name`);
    }
    const entry: CheckEntry = {
      name,
      check,
      options,
      indicators: new HealthIndicatorService(),
      last: undefined,
      cause: undefined,
      assumed,
    };
    this.entries.set(name, entry);
    return () => {
      if (this.entries.get(name) !== entry) return;
      this.entries.delete(name);
      onTransition();
    };
  }

  get size(): number {
    return this.entries.size;
  }

  /** The names of the failing checks, each with a reason. */
  get failing(): string[] {
    return [...this.entries.values()].flatMap(({ name, last, assumed }) => {
      if (last === 'failing') return [`check ${name} fails`];
      return last === undefined && assumed === 'failing' ? [`check ${name} has not answered yet`] : [];
    });
  }

  /** Runs every check whose last result has expired. Never rejects, and takes no longer than the longest timeout. */
  async run(): Promise<ProbeReport> {
    const reports = await Promise.all([...this.entries.values()].map((entry) => this.runOne(entry)));
    return Object.fromEntries(reports.flatMap((report) => Object.entries(report)));
  }

  private async runOne(entry: CheckEntry): Promise<ProbeReport> {
    const { name, check, options, indicators } = entry;
    const report = await indicators
      .check(name)
      .attempt(async (context) => {
        entry.cause = undefined;
        try {
          if ((await check(context)) === false) throw new Error('answered false');
        } catch (error) {
          // An error after the timeout is only its consequence.
          if (!context.signal.aborted) entry.cause = error;
          throw new Error('fails; the log says why', { cause: error });
        }
      })
      .withTimeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
      .cacheFor(options.cacheMs ?? DEFAULT_CACHE_MS);
    this.note(entry, report[name]);
    return report;
  }

  private note(entry: CheckEntry, answer: ProbeReport[string] | undefined): void {
    const now = answer?.status === 'up' ? 'passing' : 'failing';
    if (entry.last === now || this.entries.get(entry.name) !== entry) return;
    const first = entry.last === undefined;
    entry.last = now;
    const subject = `${this.options.probe} check ${entry.name}`;
    if (now === 'failing') {
      const why = entry.cause === undefined ? String(answer?.['message']) : textOf(entry.cause);
      this.options.logger.warn(`${subject} fails: ${why}`);
    } else if (!first) {
      this.options.logger.log(`${subject} passes again`);
    }
    this.options.onTransition();
  }
}

/** The default when no logger is given. */
export const silentProbeLogger: ProbeLogger = { log: () => undefined, warn: () => undefined };

interface CheckEntry {
  readonly name: string;
  readonly check: Check;
  readonly options: CheckOptions;
  /** One per check, so that its cache is dropped with the check. */
  readonly indicators: HealthIndicatorService;
  readonly assumed: 'passing' | 'failing';
  last: 'passing' | 'failing' | undefined;
  /** What the latest run threw; only for the log, since the report must not show it. */
  cause: unknown;
}

const DEFAULT_TIMEOUT_MS = 800;
const DEFAULT_CACHE_MS = 1000;

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
