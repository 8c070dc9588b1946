import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type FrameBatch, FrameWriter } from '../../frames/frame-writer.js';
import type { WireProcess } from '../../process/wire-process.js';
import { type Http2Stream, SENT } from '../streams/http2-stream.js';

/** Bytes after which a turn's frames are written at once, so that what a turn gathers is bounded. */
const TURN_BYTES = 256 * 1024;

/** What is told once the socket has taken a write. */
interface Write extends FrameBatch {
  readonly ended: readonly Http2Stream[];
  readonly taken: Array<() => void>;
}

/** The way from frames to the socket: one write a turn, its back pressure, and word of what the socket has taken. */
export class ConnectionOutput {
  readonly frames: FrameWriter;
  /** Whether the socket has enough; frames but for those of control wait in their streams. */
  blocked = false;
  /** Bytes of control frames since the socket last had room. */
  controlBytes = 0;
  private scheduled = false;
  private closed = false;
  private ended: Http2Stream[] = [];
  private taken: Array<() => void> = [];
  private readonly writes: Write[] = [];
  private readonly recycles: boolean;

  constructor(
    private readonly socket: Duplex,
    private readonly process: WireProcess,
    /** The socket takes more. */
    private readonly onOpen: () => void,
  ) {
    this.frames = new FrameWriter(process.pool);
    // Other streams may hand a buffer on to whoever keeps it.
    this.recycles = socket instanceof Socket;
    // A turn's frames are one write already; to wait for more would delay answers by an acknowledgement.
    if (socket instanceof Socket) socket.setNoDelay(true);
    socket.on('drain', () => this.opened());
  }

  /** Frames were written: they go out at the end of the turn, or at once when they are many. */
  touch(): void {
    if (this.frames.bytes >= TURN_BYTES) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      this.process.turnEnd.add(this);
    }
  }

  /** A frame of control was written. */
  touchControl(bytes: number): void {
    this.controlBytes += bytes;
    this.touch();
  }

  /** The stream's last frame is among those written. */
  endsWith(stream: Http2Stream): void {
    this.ended.push(stream);
  }

  /** Calls back once the message that was written last is taken. */
  callBack(onTaken: () => void): void {
    this.taken.push(onTaken);
  }

  /** Calls back for a message that will not go out, once the socket has taken what is written of it. */
  callBackDropped(onTaken: () => void, begun: boolean): void {
    // Once a connection is gone, what the kernel still reads is unknown.
    if (begun && this.closed) return;
    if (begun && this.frames.bytes > 0) this.taken.push(onTaken);
    else if (begun && this.writes.length > 0) this.writes.at(-1)?.taken.push(onTaken);
    else queueMicrotask(onTaken);
  }

  flush(): void {
    this.scheduled = false;
    if (this.closed || this.frames.bytes === 0) return;
    const { socket, ended, taken } = this;
    const { chunks, buffers } = this.frames.take();
    this.writes.push({ chunks, buffers, ended, taken });
    this.ended = [];
    this.taken = [];
    const last = chunks.length - 1;
    if (last === 0) {
      if (!socket.write(chunks[0], this.onWritten)) this.blocked = true;
    } else {
      socket.cork();
      for (let index = 0; index < last; index++) socket.write(chunks[index]);
      socket.write(chunks[last], this.onWritten);
      socket.uncork();
      if (socket.writableNeedDrain) this.blocked = true;
    }
    if (!this.blocked) this.controlBytes = 0;
  }

  /** Writes what is left and says that no more will come. */
  end(): void {
    this.flush();
    this.socket.end();
  }

  /** The connection is gone: what the socket has not taken is lost. */
  close(): Http2Stream[] {
    this.closed = true;
    const lost = [...this.writes.flatMap(({ ended }) => ended), ...this.ended];
    this.writes.length = 0;
    this.ended = [];
    this.taken = [];
    for (const buffer of this.frames.take().buffers) this.process.pool.giveBack(buffer);
    return lost;
  }

  /** The socket calls back in the order of the writes. */
  private readonly onWritten = (error?: Error | null): void => {
    // One that failed stays: the connection ends next, and what it carried is lost with it.
    if (error || this.closed) return;
    const write = this.writes.shift();
    if (write === undefined) return;
    if (this.recycles) for (const buffer of write.buffers) this.process.pool.giveBack(buffer);
    for (const stream of write.ended) stream.finish(SENT);
    for (const onTaken of write.taken) onTaken();
  };

  private opened(): void {
    if (this.closed) return;
    this.blocked = false;
    this.controlBytes = 0;
    this.onOpen();
  }
}
