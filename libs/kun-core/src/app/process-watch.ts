/** How an error came to the process: Node's own words. */
export type FatalOrigin = NodeJS.UncaughtExceptionOrigin;

/** What the watch asks of one application. */
export interface ProcessMember {
  /** Begins its ordinary stop; when that is over, it says so by its {@link Membership}. */
  stop(reason: string): void;
  /** Ends a running stop at once. */
  force(): void;
  /** Whether the code that runs now is its own. */
  owns(): boolean;
  /** Whether it goes on after this rejection; it has then written its line. */
  toleratesRejection(reason: unknown): boolean;
  /** Writes the line of an error that ends the process, and makes its exit code 1. */
  fatal(error: unknown, origin: FatalOrigin, forced: boolean): void;
  /** Told that somebody ended the process by `process.exit()`: the last chance to say so. */
  cut(code: number): void;
  /** Whether the error is a start that failed and was told of, so that nothing more is to be said but its text. */
  explain(error: unknown): string | undefined;
}

/** An application's part in the process. One of the two ends it. */
export interface Membership {
  /** The application is over, and the process is somebody else's to end; `code` counts where it is ending already. */
  leave(code?: 0 | 1): void;
  /** The application is over, and the process with it: as soon as the others are over, too; `now` without lingering. */
  end(code: 0 | 1, now?: 'now'): void;
  /** The same, and the others are told to stop. */
  endAll(code: 0 | 1, reason: string): void;
  /** Stops at these signals, too. */
  listenTo(signals: readonly string[]): void;
}

/** A listener of whatever arguments its event has. */
type ProcessListener = { listener(...args: unknown[]): void }['listener'];

/** The part of `process` that is needed: tests bring their own. */
export interface ProcessTarget {
  exitCode?: number | string | null | undefined;
  on(event: string, listener: ProcessListener): unknown;
  prependListener(event: string, listener: ProcessListener): unknown;
  off(event: string, listener: ProcessListener): unknown;
  listenerCount(event: string): number;
  exit(code?: number): void;
  readonly stderr: { write(text: string): unknown };
}

/** How long the process may take to end by itself once everything is stopped; something of the user's may linger. */
const LINGER_MS = 500;

const STOP_SIGNALS: readonly string[] = ['SIGTERM', 'SIGINT'];

/**
 * What happens to the process as a whole, handed to the applications in it: signals, errors that nobody caught, and its
 * end. One for the process, since a signal is; its listeners are there only while an application is.
 *
 * The first signal begins the ordinary stop of all, each one after it forces. An error that nobody caught does the same,
 * with exit code 1. Listeners of others run as they always do, and do not keep the process alive.
 */
export class ProcessWatch {
  private readonly members = new Set<ProcessMember>();
  private readonly signals = new Set<string>();
  private signalsSeen = 0;
  private fatalsSeen = 0;
  /** Why the process is to end; nothing keeps it from that any more. */
  private ending: string | undefined;
  /** Whether all were told to stop. */
  private begun = false;
  private code: 0 | 1 = 0;
  private left = false;

  constructor(private readonly target: ProcessTarget) {}

  /** Watches the process for an application. */
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

  /** By itself when nothing holds it, else soon. The listeners stay: a signal now must not change the exit code. */
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
    // Whatever throws again and again would fill the log with it.
    if (this.fatalsSeen <= 2) owner.fatal(error, origin, again);
    if (again) this.force();
    else this.begin(origin);
  };

  private readonly onRejection = (reason: unknown): void => this.onException(reason, 'unhandledRejection');

  private readonly onExit = (code: number): void => {
    if (!this.left) for (const member of this.members) member.cut(code);
  };

  /** A start that failed and that nobody caught. Where somebody else watches, as a test runner does, it is theirs. */
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
    // Before the log writes its last lines.
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

/** The watch of this process. */
export const processWatch = new ProcessWatch(process);
