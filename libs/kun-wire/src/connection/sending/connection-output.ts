import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type FrameBatch, FrameWriter } from '../../frames/frame-writer.js';
import type { WireProcess } from '../../process/wire-process.js';
import { type Http2Stream, SENT } from '../streams/http2-stream.js';

/** Bytes after which a turn's frames are written early, which bounds what is buffered. */
const TURN_BYTES = 256 * 1024;

/** What is notified once the socket has accepted a write. */
interface Write extends FrameBatch {
  readonly ended: readonly Http2Stream[];
  readonly taken: Array<() => void>;
}

/**
 * Writes frames to the socket: one write per turn, with backpressure, and callbacks once the socket has accepted them.
 */
export class ConnectionOutput {
  readonly frames: FrameWriter;
  /** Whether the socket's buffer is full; frames other than control frames then wait in their streams. */
  blocked = false;
  /** Bytes of control frames written since the socket last had room. */
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
    /** The socket accepts more data. */
    private readonly onOpen: () => void,
  ) {
    this.frames = new FrameWriter(process.pool);
    // Other streams may pass a buffer on to something that keeps it.
    this.recycles = socket instanceof Socket;
    // A turn's frames are already one write; Nagle's algorithm would only delay responses.
    if (socket instanceof Socket) socket.setNoDelay(true);
    socket.on('drain', () => this.opened());
  }

  /** Frames were written: they are sent at the end of the turn, or immediately if there are many. */
  touch(): void {
    if (this.frames.bytes >= TURN_BYTES) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      this.process.turnEnd.add(this);
    }
  }

  /** A control frame was written. */
  touchControl(bytes: number): void {
    this.controlBytes += bytes;
    this.touch();
  }

  /** The last frame of the stream has been written. */
  endsWith(stream: Http2Stream): void {
    this.ended.push(stream);
  }

  /** Calls back once the socket has accepted the message written last. */
  callBack(onTaken: () => void): void {
    this.taken.push(onTaken);
  }

  /** Calls back for a message that was dropped, once the socket has accepted what was already written of it. */
  callBackDropped(onTaken: () => void, begun: boolean): void {
    // Once a connection is closed, it is unknown what the kernel still reads.
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

  /** Writes what is left and ends the socket. */
  end(): void {
    this.flush();
    this.socket.end();
  }

  /** The connection is closed: what the socket has not accepted is lost. */
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
    // A failed write is not removed: the connection closes next, and the write's content is lost with it.
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
