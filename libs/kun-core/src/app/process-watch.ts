/** How an error reached the process, in Node's own terms. */
export type FatalOrigin = NodeJS.UncaughtExceptionOrigin;

/** What the watch requires of an application. */
export interface ProcessMember {
  /** Begins an orderly stop; when it is over, the member calls its {@link Membership}. */
  stop(reason: string): void;
  /** Forces a running stop. */
  force(): void;
  /** Whether the currently running code belongs to it. */
  owns(): boolean;
  /** Whether it keeps running after this rejection; if so, it has logged it. */
  toleratesRejection(reason: unknown): boolean;
  /** Logs an error that ends the process and makes its exit code 1. */
  fatal(error: unknown, origin: FatalOrigin, forced: boolean): void;
  /** Called when something ended the process with `process.exit()`: the last chance to log it. */
  cut(code: number): void;
  /** Returns the message to print if the error is a start failure that was already logged. */
  explain(error: unknown): string | undefined;
}

/** An application's membership in the process. Exactly one of `leave` and `end` concludes it. */
export interface Membership {
  /** The application has stopped and the process continues; `code` counts if the process is already ending. */
  leave(code?: 0 | 1): void;
  /**
   * The application has stopped and the process ends with it as soon as the other applications have stopped; `now`
   * skips the linger period.
   */
  end(code: 0 | 1, now?: 'now'): void;
  /** Like `end`, and the other applications are stopped. */
  endAll(code: 0 | 1, reason: string): void;
  /** Also stops on these signals. */
  listenTo(signals: readonly string[]): void;
}

/** A listener with whatever arguments its event passes. */
type ProcessListener = { listener(...args: unknown[]): void }['listener'];

/** The part of `process` that is used; tests supply their own. */
export interface ProcessTarget {
  exitCode?: number | string | null | undefined;
  on(event: string, listener: ProcessListener): unknown;
  prependListener(event: string, listener: ProcessListener): unknown;
  off(event: string, listener: ProcessListener): unknown;
  listenerCount(event: string): number;
  exit(code?: number): void;
  readonly stderr: { write(text: string): unknown };
}

/**
 * How long the process may take to exit by itself once everything has stopped, in case user code still holds resources.
 */
const LINGER_MS = 500;

const STOP_SIGNALS: readonly string[] = ['SIGTERM', 'SIGINT'];

/**
 * Handles process-wide events for all applications: signals, uncaught errors, and the exit. There is one per process,
 * because signals are per process; its listeners are installed only while an application exists.
 *
 * The first signal begins an orderly stop of all applications, every further one forces it. An uncaught error does the
 * same with exit code 1. Other listeners still run, and do not keep the process alive.
 */
export class ProcessWatch {
  private readonly members = new Set<ProcessMember>();
  private readonly signals = new Set<string>();
  private signalsSeen = 0;
  private fatalsSeen = 0;
  /** Why the process is ending; nothing can prevent it any more. */
  private ending: string | undefined;
  /** Whether all applications were told to stop. */
  private begun = false;
  private code: 0 | 1 = 0;
  private left = false;

  constructor(private readonly target: ProcessTarget) {}

  /** Registers an application. */
  join(member: ProcessMember): Membership {
    if (this.members.size === 0) this.listen();
    this.members.add(member);
    const { ending = 'the process ends' } = this;
    if (this.begun) queueMicrotask(() => member.stop(ending));
    return {
      leave: (code = 0) => this.remove(member, code),
      end: (code, now) => {
        this.ending ??= 'the end of the last application';
        this.remove(member, code, now);
      },
      endAll: (code, reason) => {
        this.begin(reason);
        this.remove(member, code);
      },
      listenTo: (signals) => {
        if (this.members.has(member)) this.listenTo(signals);
      },
    };
  }

  private remove(member: ProcessMember, code: 0 | 1, now?: 'now'): void {
    if (!this.members.delete(member)) return;
    if (code === 1) this.code = 1;
    if (this.members.size > 0) return;
    if (this.ending === undefined) this.unlisten();
    else if (now) this.target.exit(this.code);
    else this.leaveProcess();
  }

  private begin(reason: string): void {
    if (this.begun) return;
    this.begun = true;
    this.ending ??= reason;
    for (const member of this.members) member.stop(reason);
  }

  /**
   * Lets the process exit by itself, or exits after a short delay. The listeners stay: a signal now must not change the
   * exit code.
   */
  private leaveProcess(): void {
    this.left = true;
    this.target.exitCode = this.code;
    setTimeout(() => this.target.exit(this.code), LINGER_MS).unref();
  }

  private readonly onSignal = (signal: string): void => {
    this.signalsSeen++;
    if (this.left) this.target.exit(this.code);
    else if (this.signalsSeen === 1) this.begin(signal);
    else this.force();
  };

  private readonly onException = (error: unknown, origin: FatalOrigin = 'uncaughtException'): void => {
    const owner = this.owner;
    const told = owner?.explain(error);
    if (told !== undefined) return this.leaveAfter(told);
    if (origin === 'unhandledRejection' && owner?.toleratesRejection(error)) return;
    if (this.left || !owner) return this.target.exit(1);
    this.fatalsSeen++;
    this.code = 1;
    const again = this.fatalsSeen > 1;
    // Something that throws repeatedly must not flood the log.
    if (this.fatalsSeen <= 2) owner.fatal(error, origin, again);
    if (again) this.force();
    else this.begin(origin);
  };

  private readonly onRejection = (reason: unknown): void => this.onException(reason, 'unhandledRejection');

  private readonly onExit = (code: number): void => {
    if (!this.left) for (const member of this.members) member.cut(code);
  };

  /**
   * A failed start whose rejection nobody handled. If somebody else listens, as a test runner does, it is left to them.
   */
  private leaveAfter(message: string): void {
    if (this.ending !== undefined || this.target.listenerCount('uncaughtException') > 1) return;
    if (message !== '') this.target.stderr.write(`${message}\n`);
    this.target.exit(1);
  }

  private force(): void {
    for (const member of this.members) member.force();
  }

  private get owner(): ProcessMember | undefined {
    const members = [...this.members];
    return members.find((member) => member.owns()) ?? members.at(-1);
  }

  private listen(): void {
    this.target.on('uncaughtException', this.onException);
    this.target.on('unhandledRejection', this.onRejection);
    // Prepended so that it runs before the log writes its last lines.
    this.target.prependListener('exit', this.onExit);
    this.listenTo(STOP_SIGNALS);
  }

  private listenTo(signals: readonly string[]): void {
    for (const signal of signals) {
      if (this.signals.has(signal)) continue;
      this.target.on(signal, this.onSignal);
      this.signals.add(signal);
    }
  }

  private unlisten(): void {
    this.target.off('uncaughtException', this.onException);
    this.target.off('unhandledRejection', this.onRejection);
    this.target.off('exit', this.onExit);
    for (const signal of this.signals) this.target.off(signal, this.onSignal);
    this.signals.clear();
    this.signalsSeen = 0;
    this.fatalsSeen = 0;
    this.code = 0;
  }
}

/** The watch of the current process. */
export const processWatch = new ProcessWatch(process);
