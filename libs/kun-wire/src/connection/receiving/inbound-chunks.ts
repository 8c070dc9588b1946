import type { Duplex } from 'node:stream';
import type { Continuing, WorkTurns } from '../../process/work-turns.js';

/** Reads the chunks of a connection. */
export interface InboundChunksHost {
  readonly socket: Duplex;
  /** Reads a chunk; says how far it came, which is its end unless there is no more time in this turn. */
  readChunk(chunk: Buffer, from: number): number;
  /** The peer has ended, and everything it sent is read. */
  peerHungUp(): void;
}

/**
 * What a socket gave, on its way to whoever reads it: at once while the turn has time for it, else in a later turn, in
 * the same order. Meanwhile the socket is stalled, so that two chunks or three are kept and the rest is the peer's.
 */
export class InboundChunks implements Continuing {
  // What is not read: the first from `at` on.
  private readonly chunks: Buffer[] = [];
  private at = 0;
  private stalled = false;
  // A socket says that it has ended even while it is stalled.
  private hungUp = false;

  constructor(
    private readonly host: InboundChunksHost,
    private readonly turns: WorkTurns,
  ) {}

  /** Whether something has come that is not read. */
  get waiting(): boolean {
    return this.chunks.length > 0;
  }

  arrived(chunk: Buffer, nowMs: number): void {
    if (this.chunks.length > 0) {
      this.chunks.push(chunk);
      this.stall();
    } else if (this.turns.over(nowMs)) {
      this.keep(chunk, 0);
    } else {
      const at = this.host.readChunk(chunk, 0);
      if (at < chunk.length) this.keep(chunk, at);
    }
  }

  /** Nothing more will come. */
  ended(): void {
    this.hungUp = true;
    if (this.chunks.length === 0) this.host.peerHungUp();
  }

  goOn(): void {
    const { chunks } = this;
    while (chunks.length > 0) {
      const chunk = chunks[0] as Buffer;
      const at = this.host.readChunk(chunk, this.at);
      // Dropped meanwhile, when the connection ended.
      if (chunks.length === 0) return;
      if (at < chunk.length) {
        this.at = at;
        this.turns.later(this);
        return;
      }
      chunks.shift();
      this.at = 0;
    }
    if (this.hungUp) this.host.peerHungUp();
    else this.flow();
  }

  /** Nothing more is to be read; the socket flows, so that it can end. */
  drop(): void {
    this.chunks.length = 0;
    this.at = 0;
    this.flow();
  }

  private keep(chunk: Buffer, at: number): void {
    this.chunks.push(chunk);
    this.at = at;
    this.turns.later(this);
  }

  private stall(): void {
    if (this.stalled) return;
    this.stalled = true;
    this.host.socket.pause();
  }

  private flow(): void {
    if (!this.stalled) return;
    this.stalled = false;
    this.host.socket.resume();
  }
}
