import type { LogDestination } from '../logs/output/log-destination.js';

/** A log line, parsed. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Keeps an application's log lines instead of writing them. */
export class LogRecorder implements LogDestination {
  readonly lines: LogLine[] = [];
  private waiting: Array<{ matches: (line: LogLine) => boolean; resolve: (line: LogLine) => void }> = [];

  write(text: string): void {
    const line = JSON.parse(text) as LogLine;
    this.lines.push(line);
    this.waiting = this.waiting.filter(({ matches, resolve }) => {
      if (!matches(line)) return true;
      resolve(line);
      return false;
    });
  }

  /** The matching lines so far. */
  where(matches: (line: LogLine) => boolean): LogLine[] {
    return this.lines.filter(matches);
  }

  /** The `finished call` lines of the user's own services, so far. */
  get finishedCalls(): LogLine[] {
    return this.where(({ msg, level }) => msg === 'finished call' && level !== 'debug');
  }

  /** Resolves with the first matching line, whether already written or not yet. */
  waitFor(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const found = this.lines.find(matches);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }
}
