import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program in another language that says where it listens, prints what it is told, and ends with its input. */
export class PeerProcess {
  private readonly lines: string[] = [];
  private waiting: Array<() => void> = [];
  private ended = false;

  private constructor(private readonly child: ChildProcess) {
    createInterface(child.stdout!)
      .on('line', (line) => {
        this.lines.push(line);
        this.wake();
      })
      .on('close', () => {
        this.ended = true;
        this.wake();
      });
  }

  /** Settles when it has said its first line. */
  static async start(command: string, args: readonly string[], env = process.env): Promise<PeerProcess> {
    const peer = new PeerProcess(spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env }));
    await peer.until(1);
    return peer;
  }

  get firstLine(): string {
    return this.lines[0] ?? '';
  }

  /** What it printed after its first line, once there is so much of it; each line is JSON. */
  async printed<T>(count: number): Promise<T[]> {
    await this.until(count + 1);
    return this.lines.slice(1).map((line) => JSON.parse(line) as T);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.stdin?.end();
    await exit;
  }

  private async until(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.ended) throw new Error(`the peer ended after ${this.lines.length} of ${count} lines`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const go of waiting) go();
  }
}
