import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Exchange } from './exchange.js';
import { FrameReader, type Frame } from './frame-reader.js';
import {
  DEFAULT_WINDOW_BYTES,
  Flag,
  frame,
  FrameType,
  PREFACE,
  Setting,
  settingsFrame,
  windowUpdateFrame,
} from './frames.js';
import { HeaderDecoder } from './hpack.js';
import { PendingCall } from './pending-call.js';
import { RequestHeaders } from './request-headers.js';
import { Uploads } from './uploads.js';

/** Told how each call ended; without a problem its answer was right in every byte. */
export type OnCallEnd = (durationMs: number, problem: string | undefined) => void;

/** Larger than any response, so that the caller never makes the server wait. */
const STREAM_WINDOW_BYTES = 64 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 1024 * 1024 * 1024;

/**
 * One HTTP/2 connection that keeps a number of equal calls in flight and checks every answer, byte by byte. It speaks
 * HTTP/2 on a bare socket: `node:http2` costs its caller more than most servers measured with it.
 */
export class GrpcConnection {
  private readonly reader = new FrameReader();
  private readonly decoder = new HeaderDecoder();
  private readonly headers: RequestHeaders;
  private readonly uploads: Uploads;
  private readonly calls = new Map<number, PendingCall>();
  private out: Buffer[] = [];
  private nextStream = 1;
  private draining = false;
  private silent = false;
  private onDrained: (() => void) | undefined;
  private unacknowledgedBytes = 0;
  /** The time of the current event: the clock is read once for all calls that it ends. */
  private now = 0;

  /** With the certificate of its authority, over TLS. */
  static open(
    port: number,
    exchange: Exchange,
    onCallEnd: OnCallEnd,
    authority?: string,
  ): Promise<GrpcConnection> {
    return new Promise((resolve, reject) => {
      const target = { port, host: '127.0.0.1', noDelay: true };
      const socket: Socket =
        authority === undefined
          ? connect(target)
          : connectTls({ ...target, ca: authority, ALPNProtocols: ['h2'] }).setNoDelay();
      socket.once('error', reject);
      socket.once(authority === undefined ? 'connect' : 'secureConnect', () =>
        resolve(new GrpcConnection(socket, port, exchange, onCallEnd)),
      );
    });
  }

  private constructor(
    private readonly socket: Socket,
    port: number,
    private readonly exchange: Exchange,
    private readonly onCallEnd: OnCallEnd,
  ) {
    this.headers = new RequestHeaders(exchange.path, `127.0.0.1:${port}`, exchange.mesh);
    this.uploads = new Uploads(exchange.request, (bytes) => void this.out.push(bytes));
    socket.on('data', (chunk: Buffer) => {
      this.now = performance.now();
      this.reader.take(chunk, this.takeFrame);
      this.flush();
    });
    socket.on('error', (error) => this.lose(error.message));
    socket.on('close', () => this.lose('the connection was closed'));
    const settings = settingsFrame([
      [Setting.enablePush, 0],
      [Setting.initialWindowSize, STREAM_WINDOW_BYTES],
    ]);
    this.out.push(PREFACE, settings, windowUpdateFrame(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES));
    this.flush();
  }

  /** Begins calls; each that ends is followed by the next. */
  start(inFlight: number): void {
    this.now = performance.now();
    for (let begun = 0; begun < inFlight; begun++) this.begin();
    this.flush();
  }

  /** Makes one call, and no more; settles when it has ended. The connection stays. */
  async callOnce(): Promise<void> {
    this.draining = true;
    const ended = new Promise<void>((resolve) => (this.onDrained = resolve));
    this.start(1);
    await ended;
  }

  /** Begins calls that say nothing. */
  openStreams(count: number): void {
    this.draining = true;
    this.silent = true;
    this.start(count);
  }

  /** Ends the requests of those; settles when they are answered and the connection is closed. */
  async endStreams(): Promise<void> {
    for (const stream of this.calls.keys()) {
      this.out.push(frame(FrameType.data, Flag.endStream, stream, Buffer.alloc(0)));
    }
    const drained = this.drain();
    this.flush();
    await drained;
  }

  /** Loses the connection and its calls, none of which counts. */
  async abandon(): Promise<void> {
    this.calls.clear();
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }

  /** Begins no more; settles when the last call has ended. */
  async drain(): Promise<void> {
    this.draining = true;
    if (this.calls.size > 0) await new Promise<void>((resolve) => (this.onDrained = resolve));
    this.socket.removeAllListeners('close').end();
  }

  private begin(): void {
    const stream = this.nextStream;
    this.nextStream += 2;
    const call = new PendingCall(this.now, this.uploads.initialWindowBytes);
    this.calls.set(stream, call);
    const headers = this.headers.next();
    headers.writeUInt32BE(stream, 5);
    this.out.push(headers);
    if (!this.silent) this.uploads.upload(stream, call);
  }

  /** Hands what was begun within one event to the system in one write. */
  private flush(): void {
    if (this.out.length === 0) return;
    this.socket.write(Buffer.concat(this.out));
    this.out = [];
  }

  private readonly takeFrame = ({ type, flags, stream, bytes, start, end }: Frame): void => {
    const call = this.calls.get(stream);
    switch (type) {
      case FrameType.data:
        call?.takeData(this.exchange, bytes, start, end);
        this.acknowledge(end - start);
        if (flags & Flag.endStream) this.finish(stream, 'the stream ended without trailers');
        return;
      case FrameType.headers: {
        // Blocks of streams that are over are decoded too: the table must follow the server's.
        const headers = this.decoder.decode(bytes.subarray(start, end));
        call?.takeHeaders(headers);
        if (flags & Flag.endStream) this.finish(stream, call?.verdict(this.exchange, headers));
        return;
      }
      case FrameType.resetStream:
        this.finish(stream, `the stream was reset with code ${bytes.readUInt32BE(start)}`);
        return;
      case FrameType.windowUpdate:
        this.uploads.widen(stream, bytes.readUInt32BE(start), call);
        return;
      case FrameType.settings:
        if (flags & Flag.ack) return;
        this.uploads.settle(bytes.subarray(start, end), this.calls.values());
        this.out.push(frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)));
        return;
      case FrameType.ping:
        if (flags & Flag.ack) return;
        this.out.push(frame(FrameType.ping, Flag.ack, 0, bytes.subarray(start, end)));
        return;
      default:
      // GOAWAY is followed by the end of the connection; others say nothing to a caller.
    }
  };

  private acknowledge(bytes: number): void {
    this.unacknowledgedBytes += bytes;
    if (this.unacknowledgedBytes < CONNECTION_WINDOW_BYTES / 2) return;
    this.out.push(windowUpdateFrame(0, this.unacknowledgedBytes));
    this.unacknowledgedBytes = 0;
  }

  private finish(stream: number, problem: string | undefined): void {
    const call = this.calls.get(stream);
    if (!call) return;
    this.calls.delete(stream);
    this.uploads.forget(stream);
    this.onCallEnd(this.now - call.startedAt, problem);
    if (!this.draining) this.begin();
    else if (this.calls.size === 0) this.onDrained?.();
  }

  private lose(reason: string): void {
    this.draining = true;
    this.now = performance.now();
    for (const stream of this.calls.keys()) this.finish(stream, reason);
  }
}
