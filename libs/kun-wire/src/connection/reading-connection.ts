import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Timer } from '../process/timers.js';
import type { WireProcess } from '../process/wire-process.js';
import { Http2Connection } from './http2-connection.js';
import type { ConnectionLimits } from './limits/connection-limits.js';
import { InboundChunks, type InboundChunksHost } from './receiving/inbound-chunks.js';

/** The reading side of a connection: reads what its socket delivers, as far as event loop turns have time. */
export abstract class ReadingConnection extends Http2Connection implements InboundChunksHost {
  /** Whether nothing is read or written any more. */
  protected ended = false;
  // The frame or header block that the header timeout runs for, as numbered by the reader.
  private headerTimed = 0;
  private lastHeardMs: number;
  private readonly chunks: InboundChunks;

  constructor(socket: Duplex, process: WireProcess, limits: ConnectionLimits) {
    super(socket, process, limits);
    this.lastHeardMs = process.clock.monotonicMs();
    this.chunks = new InboundChunks(this, process.turns);
    socket.on('data', (chunk: Buffer) => this.onData(chunk));
    socket.on('end', () => this.chunks.ended());
    if (!process.lateComers.none) this.holdBack();
  }

  abstract peerHungUp(): void;
  /** Consumes bytes of the preface; returns where frames begin, or -1 while the preface is incomplete. */
  protected abstract readPreface(chunk: Buffer): number;
  /** Whether a frame or a header block is incomplete. */
  protected abstract headerWaits(waits: boolean): void;

  /** When something was last received from the peer, in monotonic milliseconds: now, while anything of it is unread. */
  get heardMs(): number {
    return this.unread ? this.process.clock.monotonicMs() : this.lastHeardMs;
  }

  /** Whether received data is still unread. */
  protected get unread(): boolean {
    return this.chunks.waiting;
  }

  /** The peer's address, without the port. */
  private get remoteAddress(): string | undefined {
    return this.socket instanceof Socket ? this.socket.remoteAddress : undefined;
  }

  readChunk(chunk: Buffer, from: number): number {
    const start = from === 0 ? this.readPreface(chunk) : from;
    if (start < 0) return chunk.length;
    const at = this.readFrames(chunk, start);
    const { waitingFor } = this.reader;
    if (waitingFor === this.headerTimed || this.ended) return at;
    this.headerTimed = waitingFor;
    this.headerWaits(waitingFor !== 0);
    return at;
  }

  protected stopReading(): void {
    this.reader.stop();
    this.chunks.drop();
  }

  /** The next connection from that address is read after a delay. */
  protected comesBackLate(): void {
    const { remoteAddress, process } = this;
    if (remoteAddress !== undefined) process.lateComers.cut(remoteAddress, process.clock.monotonicMs());
  }

  private holdBack(): void {
    const { process, limits } = this;
    const leftMs = process.lateComers.leftMs(this.remoteAddress, this.lastHeardMs);
    if (leftMs === 0) return;
    this.socket.pause();
    const timer = new Timer(() => this.socket.resume());
    // It must still complete the preface in time.
    process.timers.arm(timer, Math.min(leftMs, limits.prefaceTimeoutMs / 2));
  }

  private onData(chunk: Buffer): void {
    if (this.ended) return;
    this.lastHeardMs = this.process.clock.monotonicMs();
    this.chunks.arrived(chunk, this.lastHeardMs);
  }
}
