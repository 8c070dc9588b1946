import { connect, type Socket } from 'node:net';
import { PREFACE, settings, settingsAck } from './frames.ts';

/** A connection of an attacker's: writes what it is told, reads or does not, and knows how it was cut. */
export class Attacker {
  /** Whether the server has hung up. */
  cut = false;
  /** The code of the server's GOAWAY; 11 is ENHANCE_YOUR_CALM. */
  goAwayCode: number | undefined;
  /** Settles when the connection is no more. */
  readonly closed: Promise<void>;
  /** The next stream to open. */
  private nextId = 1;
  private readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);

  constructor(port: number, { reads = true } = {}) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.cut = true;
        resolve();
      });
    });
    // What it was cut with is the server's business.
    this.socket.on('error', () => undefined);
    if (reads) this.socket.on('data', (chunk: Buffer) => this.read(chunk));
    else this.socket.pause();
  }

  /** Begins HTTP/2 as every client does. */
  greet(pairs: ReadonlyArray<readonly [number, number]> = []): this {
    return this.send(PREFACE, settings(pairs), settingsAck());
  }

  send(...frames: readonly Buffer[]): this {
    if (!this.socket.destroyed) this.socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    return this;
  }

  /** The id of a new stream. */
  stream(): number {
    const id = this.nextId;
    this.nextId += 2;
    return id;
  }

  /** Whether what was written waits to be read. */
  get stalled(): boolean {
    return this.socket.writableNeedDrain;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Looks for a GOAWAY in what came; all else is of no interest. */
  private read(chunk: Buffer): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (this.rest.length - at >= 9) {
      const end = at + 9 + this.rest.readUIntBE(at, 3);
      if (this.rest.length < end) break;
      if (this.rest[at + 3] === 7) this.goAwayCode = this.rest.readUInt32BE(at + 13);
      at = end;
    }
    this.rest = this.rest.subarray(at);
  }
}
