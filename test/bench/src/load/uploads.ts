import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  Flag,
  frame,
  FrameType,
  readSettings,
  Setting,
} from './frames.js';
import type { PendingCall } from './pending-call.js';

/** Sends requests as fast as the server takes them: within its windows for the connection and for each stream. */
export class Uploads {
  /** The window that streams begin with. */
  initialWindowBytes = DEFAULT_WINDOW_BYTES;
  private windowBytes = DEFAULT_WINDOW_BYTES;
  private maxFrameBytes = DEFAULT_MAX_FRAME_BYTES;
  private readonly waiting = new Map<number, PendingCall>();

  constructor(
    private readonly request: Buffer,
    private readonly send: (frame: Buffer) => void,
  ) {}

  /** Sends what the server takes of a call's request; the rest when it takes more. */
  upload(stream: number, call: PendingCall): void {
    const { request } = this;
    while (call.sent < request.length) {
      const wanted = Math.min(request.length - call.sent, this.maxFrameBytes);
      const bytes = Math.min(wanted, this.windowBytes, call.windowBytes);
      if (bytes <= 0) {
        this.waiting.set(stream, call);
        return;
      }
      const piece = request.subarray(call.sent, (call.sent += bytes));
      this.windowBytes -= bytes;
      call.windowBytes -= bytes;
      this.send(frame(FrameType.data, call.sent === request.length ? Flag.endStream : 0, stream, piece));
    }
    this.waiting.delete(stream);
  }

  /** The call is over. */
  forget(stream: number): void {
    this.waiting.delete(stream);
  }

  /** The server takes more, on a stream or, as stream 0, in all. */
  widen(stream: number, bytes: number, call: PendingCall | undefined): void {
    if (stream === 0) this.windowBytes += bytes;
    else if (call) call.windowBytes += bytes;
    this.uploadWaiting();
  }

  /** The server says what it takes. */
  settle(settings: Buffer, calls: Iterable<PendingCall>): void {
    for (const [id, value] of readSettings(settings)) {
      if (id === Setting.maxFrameSize) this.maxFrameBytes = Math.min(value, DEFAULT_MAX_FRAME_BYTES);
      if (id !== Setting.initialWindowSize) continue;
      for (const call of calls) call.windowBytes += value - this.initialWindowBytes;
      this.initialWindowBytes = value;
    }
    this.uploadWaiting();
  }

  private uploadWaiting(): void {
    for (const [stream, call] of this.waiting) this.upload(stream, call);
  }
}
