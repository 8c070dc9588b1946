import { sameStamps, stampFiles, type FileStamps } from '../load/file-stamps.js';
import { loadConsistent, type ConsistentOutcome } from '../load/load-config.js';
import type { LoadedConfig } from '../load/loaded-config.js';
import type { ReloadEvent } from './reload-event.js';

/** How to look for changes. */
export interface WatchOptions {
  /** How often the files are checked, in milliseconds; default 1000. */
  readonly intervalMs?: number | undefined;
  /** How long they must stay unchanged before they are read, in milliseconds; default 250. */
  readonly settleMs?: number | undefined;
}

/** The part of a {@link Configuration} that the watcher updates. */
export interface Watchable {
  readonly loaded: LoadedConfig<unknown>;
  adopt(outcome: ConsistentOutcome): ReloadEvent<unknown> | undefined;
}

/** The result of one check of the files. */
export type Look = 'same' | 'changing' | 'reloaded' | 'refused';

/**
 * Keeps a configuration up to date with its files.
 *
 * It looks at the files again and again instead of asking the system to tell of changes. The files are few (four, and
 * those of `!file`), and a look is a `realpath` and a `stat` of each, some 0.1 ms a second. In return there is nothing
 * that can be missed or leak: a watch is bound to an inode, so that ConfigMap links, renamed files, directories that
 * do not exist yet and bind mounts each need their own care, and network and overlay file systems send no events.
 *
 * What has changed is read only when it has stood still for a while, so that a file written in several steps is not
 * taken half-way; and what was read counts only if the files are still the same afterwards.
 */
export class ConfigWatcher {
  private readonly intervalMs: number;
  private readonly settleMs: number;
  /**
   * The files as they were last loaded or refused by this watcher. What was loaded before does not count: its files
   * may have been written a moment earlier, and twice within the grain of the file system's clock.
   */
  private known: FileStamps | undefined;
  /** The files as they have been since a moment, not loaded yet. */
  private pending: { stamps: FileStamps; sinceMs: number } | undefined;
  private files: ReadonlySet<string>;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly configuration: Watchable,
    options: WatchOptions = {},
  ) {
    this.intervalMs = options.intervalMs ?? 1_000;
    this.settleMs = options.settleMs ?? 250;
    this.files = new Set(configuration.loaded.files);
  }

  /** Starts watching. Does not keep the process alive. */
  start(): void {
    this.stopped = false;
    this.schedule();
  }

  /** Stops watching; waits for a check that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  /** Checks once. The time is monotonic, in milliseconds. */
  async look(nowMs: number = performance.now()): Promise<Look> {
    const stamps = await stampFiles(this.files);
    if (this.known && sameStamps(stamps, this.known)) {
      this.pending = undefined;
      return 'same';
    }
    if (!this.pending || !sameStamps(stamps, this.pending.stamps)) {
      this.pending = { stamps, sinceMs: nowMs };
      return 'changing';
    }
    if (nowMs - this.pending.sinceMs < this.settleMs) return 'changing';

    const { options } = this.configuration.loaded.parts;
    const outcome = await loadConsistent(options, stamps);
    // A schema that joined meanwhile has not validated it.
    if (this.stopped || options !== this.configuration.loaded.parts.options) return 'changing';
    if (!sameStamps(outcome.stamps, stamps)) {
      // They moved on while they were read, or name files that were not looked at so far.
      this.files = new Set([...this.files, ...outcome.files]);
      this.pending = { stamps: await stampFiles(this.files), sinceMs: nowMs };
      return 'changing';
    }
    this.known = stamps;
    this.pending = undefined;
    // A set that cannot be read may not know its files; keep checking the previous ones.
    if (outcome.loaded) this.files = new Set(outcome.files);
    const event = this.configuration.adopt(outcome);
    if (event === undefined) return 'same';
    return event.ok ? 'reloaded' : 'refused';
  }

  private schedule(): void {
    const delayMs = this.pending ? Math.min(this.intervalMs, this.settleMs) : this.intervalMs;
    this.timer = setTimeout(() => {
      this.looking = this.look().finally(() => {
        if (!this.stopped) this.schedule();
      });
    }, delayMs).unref();
  }
}
