import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionLimits, resolveLimits } from '../connection/limits/connection-limits.js';
import { LivingConnection } from '../connection/living-connection.js';
import { Closed } from '../connection/streams/closed-streams.js';
import { ConnectionError, ErrorCode } from '../frames/error-code.js';
import { PREFACE } from '../frames/frame-type.js';
import type { HeaderList } from '../hpack/header-list.js';
import { CountedError } from '../process/refusal.js';
import type { WireProcess } from '../process/wire-process.js';
import type { CallListener, IncomingCall, ServedConnection } from './incoming-call.js';
import { readRequestHead } from './request-head.js';
import { ServerStream } from './server-stream.js';

/** Options for serving a connection. */
export interface ServeOptions {
  /** Shared with all other connections of the process. */
  readonly process: WireProcess;
  /** Default: `DEFAULT_CONNECTION_LIMITS`. Connections with the same object share the resolved limits. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

/**
 * Serves gRPC on a byte stream: a `net.Socket`, a `tls.TLSSocket` that has negotiated `h2`, or any other duplex.
 * `onCall` is called for each call when its headers arrive, and returns the listener for its further events. Protocol
 * violations by the peer end its call or its connection as RFC 9113 specifies; nothing is thrown for them.
 */
export function serveConnection(
  socket: Duplex,
  { process, limits }: ServeOptions,
  onCall: (call: IncomingCall) => CallListener,
): ServedConnection {
  return new ServerConnection(socket, process, resolveLimits(limits), onCall);
}

/** The server's end of a connection: streams are calls, opened by the peer. */
class ServerConnection extends LivingConnection implements ServedConnection {
  private prefaceBytes = 0;
  private address: string | undefined;
  private onDeparted: Array<() => void> | undefined;

  constructor(
    socket: Duplex,
    process: WireProcess,
    limits: ConnectionLimits,
    private readonly onCall: (call: IncomingCall) => CallListener,
  ) {
    super(socket, process, limits);
  }

  override get peer(): string {
    return (this.address ??= addressOf(this.socket));
  }

  goAway(reason = ''): void {
    if (!this.ended) this.guarded(() => this.departure.begin(reason));
  }

  whenDeparted(callback: () => void): void {
    if (this.departure.final) {
      callback();
      return;
    }
    (this.onDeparted ??= []).push(callback);
    this.onClose(callback);
  }

  override departed(): void {
    const told = this.onDeparted ?? [];
    this.onDeparted = undefined;
    super.departed();
    for (const callback of told) callback();
  }

  close(): void {
    this.guarded(() => this.shutDown());
  }

  destroy(): void {
    this.socket.destroy();
  }

  override isIdle(streamId: number): boolean {
    // Even ids are for streams opened by the server, which opens none.
    return streamId > this.lastPeerStream || (streamId & 1) === 0;
  }

  override streamOpened(streamId: number, list: HeaderList, endStream: boolean): void {
    if ((streamId & 1) === 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a stream with an even id');
    }
    if (streamId > this.departure.lastStream) {
      this.refuse(streamId, 'going-away', 'the server is going away');
      return;
    }
    this.lastPeerStream = streamId;
    const head = readRequestHead(list);
    if (typeof head === 'string') {
      this.streamError(streamId, ErrorCode.PROTOCOL_ERROR, head);
      return;
    }
    if (this.streams.size >= this.limits.maxConcurrentStreams) {
      this.refuse(streamId, 'too-many-streams', 'too many streams are open');
      return;
    }
    if (list.tooLarge) {
      this.refused('headers-too-large', 'the headers of a request are too large', 'stream');
      // They must be decoded anyway, to keep the table in sync, which is what costs.
      this.guard.wastedStream();
    }
    const stream = new ServerStream(streamId, this, head);
    stream.remoteEnded = endStream;
    this.streams.add(stream);
    this.streamBegan();
    this.guard.earned();
    stream.begin(this.onCall);
    if (endStream && !stream.closed) stream.endArrived();
  }

  override streamReset(stream: ServerStream, code: number): void {
    // A caller whose deadline has passed does nothing wrong; most that reset earlier do not either, but those are
    // counted.
    const expired = stream.expiredAt(this.process.clock.now());
    super.streamReset(stream, code);
    if (!expired) this.guard.wastedStream();
  }

  protected override readPreface(chunk: Buffer): number {
    if (this.prefaceBytes === PREFACE.length) return 0;
    const bytes = Math.min(PREFACE.length - this.prefaceBytes, chunk.length);
    if (chunk.compare(PREFACE, this.prefaceBytes, this.prefaceBytes + bytes, 0, bytes) !== 0) {
      this.fail(new CountedError('bad-preface', ErrorCode.PROTOCOL_ERROR, 'not HTTP/2'));
      return -1;
    }
    this.prefaceBytes += bytes;
    return bytes < chunk.length ? bytes : -1;
  }

  private refuse(streamId: number, reason: 'going-away' | 'too-many-streams', detail: string): void {
    this.refused(reason, detail, 'stream');
    this.lastPeerStream = Math.max(this.lastPeerStream, streamId);
    this.closedStreams.add(streamId, Closed.resetByUs);
    this.frames.resetStream(streamId, ErrorCode.REFUSED_STREAM);
    this.touchControl(13);
    // A peer cannot know better before it has read the settings, or after a GOAWAY that it has not received yet.
    if (this.settled && reason === 'too-many-streams') this.guard.wastedStream();
  }
}

function addressOf(socket: Duplex): string {
  if (!(socket instanceof Socket)) return '';
  const { remoteAddress, remotePort, remoteFamily } = socket;
  if (remoteAddress === undefined) return '';
  return remoteFamily === 'IPv6' ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
