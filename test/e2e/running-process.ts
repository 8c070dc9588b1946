import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line of a JSON log. */
export interface ProcessLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export const REPOSITORY = join(import.meta.dirname, '../..');

/** The pinned Node, as the scripts use it. */
export const NODE = join(REPOSITORY, 'node_modules/.bin/node');

/** A spawned process whose log lines are read as they come; `await using` ends it, whatever happened. */
export class RunningProcess {
  /** Lines of standard output that are JSON. */
  readonly lines: ProcessLine[] = [];
  /** All of standard output and of standard error. */
  stdout = '';
  stderr = '';
  /** Settles when the process and its output have ended. */
  readonly end: Promise<ProcessEnd>;
  private readonly child: ChildProcess;
  private ended = false;
  private waiting: Array<() => void> = [];

  /** The environment is only what is given, where programs are, and the engine that this run of the tests is for. */
  constructor(
    command: string,
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
  ) {
    const { PATH, HOME, TMPDIR, KUN_CONF__GRPCSERVER__ENGINE: engine } = process.env;
    this.child = spawn(command, args, {
      cwd: options.cwd ?? REPOSITORY,
      env: {
        PATH,
        HOME,
        ...(TMPDIR && { TMPDIR }),
        ...(engine && { KUN_CONF__GRPCSERVER__ENGINE: engine }),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that nothing it started is left behind.
      detached: true,
    });
    process.once('exit', this.killAll);
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.wake();
    });
    if (this.child.stdout) createInterface(this.child.stdout).on('line', (line) => this.takeLine(line));
    this.end = once(this.child, 'close').then(([code, signal]) => {
      this.ended = true;
      process.off('exit', this.killAll);
      this.wake();
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Tells the process and all that it started, as Ctrl-C in a terminal does. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** The lines with this message, so far. */
  withMessage(msg: string): ProcessLine[] {
    return this.lines.filter((line) => line.msg === msg);
  }

  /** Settles with the first line that matches, `undefined` when the process ends without. */
  async line(matches: (line: ProcessLine) => boolean): Promise<ProcessLine | undefined> {
    for (;;) {
      const found = this.lines.find(matches);
      if (found || this.ended) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** The same of standard error, whose lines are text. */
  async errorLine(matches: (line: string) => boolean): Promise<string | undefined> {
    for (;;) {
      const found = this.stderr.split('\n').find(matches);
      if (found !== undefined || this.ended) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    await this.end;
  }

  private readonly killAll = (): void => {
    try {
      this.killGroup('SIGKILL');
    } catch {
      // Nobody is left in the group.
    }
  };

  private takeLine(line: string): void {
    this.stdout += `${line}\n`;
    if (line.startsWith('{')) this.lines.push(JSON.parse(line) as ProcessLine);
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const go of waiting) go();
  }
}
