import type { ChildProcess } from 'node:child_process';

/** What a process answers, by question. */
export type Answers<Q> = { [K in keyof Q]: (argument: never) => unknown };

interface Question {
  readonly id: number;
  readonly question: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

const ANSWER_TIMEOUT_MS = 30_000;

/** Answers the questions of the process that started this one, and ends when that one is gone. */
export function answerParent<Q extends Answers<Q>>(answers: Q): void {
  process.on('message', (message: unknown) => {
    const { id, question, argument } = message as Question;
    const reply = async () => answers[question as keyof Q](argument as never);
    reply().then(
      (answer) => process.send?.({ id, answer } satisfies Reply),
      (error: unknown) => process.send?.({ id, error: describe(error) } satisfies Reply),
    );
  });
  process.on('disconnect', () => process.exit());
}

/** The other end: asks a child process. */
export class ProcessLink<Q extends Answers<Q>> {
  private nextId = 1;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  /** Settles with the exit code, or the signal, of the process. */
  readonly exited: Promise<number | NodeJS.Signals | null>;

  constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {
    child.on('message', (message: unknown) => {
      const reply = message as Reply;
      this.waiting.get(reply.id)?.(reply);
    });
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => this.failAll(error.message));
      child.once('exit', (code, signal) => {
        this.failAll(`it ended with ${signal ?? code}`);
        resolve(signal ?? code);
      });
    });
  }

  ask<K extends keyof Q & string>(
    question: K,
    ...[argument]: Parameters<Q[K]>
  ): Promise<Awaited<ReturnType<Q[K]>>> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const fail = (reason: string) =>
        reject(new Error(`${this.name} did not answer "${question}": ${reason}`));
      const timer = setTimeout(() => settle({ id, error: 'no answer in time' }), ANSWER_TIMEOUT_MS);
      const settle = (reply: Reply) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (reply.error === undefined) resolve(reply.answer as Awaited<ReturnType<Q[K]>>);
        else fail(reply.error);
      };
      this.waiting.set(id, settle);
      this.child.send({ id, question, argument } satisfies Question, (error) => {
        if (error) settle({ id, error: error.message });
      });
    });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private failAll(error: string): void {
    for (const [id, settle] of this.waiting) settle({ id, error });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
