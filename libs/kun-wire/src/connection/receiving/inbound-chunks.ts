import type { Duplex } from 'node:stream';
import type { Continuing, WorkTurns } from '../../process/work-turns.js';

/** Reads the chunks of a connection. */
export interface InboundChunksHost {
  readonly socket: Duplex;
  /** Reads a chunk; returns where it stopped, which is the end unless this turn's time is up. */
  readChunk(chunk: Buffer, from: number): number;
  /** The peer has hung up, and everything it sent has been read. */
  peerHungUp(): void;
}

/**
 * Passes the chunks of a socket on to their reader: immediately if the turn has time, otherwise in a later turn, in the
 * same order. Meanwhile the socket is paused, so that only two or three chunks are buffered and the peer keeps the
 * rest.
 */
export class InboundChunks implements Continuing {
  // Unread chunks, the first one from `at` on.
  private readonly chunks: Buffer[] = [];
  private at = 0;
  private stalled = false;
  // A socket reports its end even while it is paused.
  private hungUp = false;

  constructor(
    private readonly host: InboundChunksHost,
    private readonly turns: WorkTurns,
  ) {}

  /** Whether received data is still unread. */
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

  /** Nothing more will arrive. */
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

  /** Nothing more will be read; the socket is resumed, so that it can end. */
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
