import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { Metadata, ServerInterceptingCall, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Clock } from '../../../clock.js';
import { REQUEST_ID_HEADER } from '../../../rpc/call-values.js';
import type { StatusError } from '../../../status/status-error.js';
import { peerAddress } from '../../../transport/peer-address.js';
import type { ServerCall } from '../../call/server-call.js';
import {
  isAtDeadline,
  type AuthContext,
  type CallStatus,
  type MetricsRecorder,
  type WireCall,
} from '../../call/wire-call.js';

/** What is used of an HTTP/2 stream while its call is open. */
export interface CallStream {
  readonly destroyed?: boolean;
  readonly headersSent?: boolean;
  respond?(headers: OutgoingHttpHeaders, options: { endStream: boolean }): void;
  close?(code: number): void;
  /** Absent once the stream is closed. */
  readonly session?: { readonly socket?: object | undefined } | undefined;
}

// Read only by grpc-js.
const NO_METADATA = new Metadata();

/** A call over grpc-js, handled at its intercepting call, and the listener that reports to the server call. */
export class GrpcJsCall implements WireCall {
  readonly compresses = false;
  /** grpc-js holds an object or two for each message until the socket has written it. */
  readonly congested = true;
  /** The stream that carries the call; absent if Node did not report it. */
  stream: CallStream | undefined;
  /** The receiver of events; set before {@link start}. */
  call!: ServerCall;
  private metadata: Metadata | undefined;

  constructor(
    private readonly wire: ServerInterceptingCallInterface,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Makes grpc-js deliver the request. */
  start(): void {
    this.wire.start(this);
  }

  get peer(): string {
    // grpc-js reads this once per call; `getPeer()` would ask the socket again, through Node's proxy.
    return peerAddress(this.wire.getConnectionInfo());
  }

  get deadline(): number {
    const deadline = this.wire.getDeadline();
    return typeof deadline === 'number' ? deadline : deadline.getTime();
  }

  get host(): string {
    return this.wire.getHost();
  }

  get socket(): object | undefined {
    return this.stream?.session?.socket;
  }

  get authContext(): AuthContext {
    return this.wire.getAuthContext();
  }

  get metricsRecorder(): MetricsRecorder {
    return this.wire.getMetricsRecorder();
  }

  readMetadata(): Metadata {
    // grpc-js starts nothing on a stream that is already closed.
    return this.metadata ?? new Metadata();
  }

  read(): void {
    this.wire.startRead();
  }

  sendHeaders(metadata: Metadata | undefined, _compression: unknown, requestId: string | undefined): void {
    let headers = metadata ?? NO_METADATA;
    if (requestId !== undefined) (headers = new Metadata()).set(REQUEST_ID_HEADER, requestId);
    this.wire.sendMetadata(headers);
  }

  sendMessage(bytes: Buffer, onTaken: () => void): void {
    this.wire.sendMessage(bytes, onTaken);
  }

  sendStatus(status: CallStatus): void {
    this.wire.sendStatus(status);
  }

  /**
   * Bypasses grpc-js, which considers the response sent: responds with the status if no headers were sent, else resets
   * the stream in a way that every gRPC library reads as INTERNAL.
   */
  breakOff({ code, message }: StatusError): void {
    const { stream } = this;
    if (!stream || stream.destroyed) return;
    try {
      if (!stream.headersSent) {
        const headers = {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': code,
          'grpc-message': encodeURI(message),
        };
        stream.respond?.(headers, { endStream: true });
        return;
      }
    } catch {
      // Nothing remains to be done: the call will not be answered.
    }
    stream.close?.(constants.NGHTTP2_INTERNAL_ERROR);
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.metadata = metadata;
  }

  onReceiveMessage(bytes: Buffer): void {
    this.call.messageArrived(bytes);
  }

  onReceiveHalfClose(): void {
    this.call.halfClosed();
  }

  /** grpc-js calls this at the end of every call, however it ended. */
  onCancel(): void {
    const { writable } = this.call;
    this.call.cancelled((writable && isAtDeadline(this.deadline, this.clock.now())) || undefined);
  }
}

/** A call that grpc-js answered before any interceptor saw it: its stream is closed, and nothing can be sent. */
export function closedCall(headers: IncomingHttpHeaders, peer: string): WireCall {
  const ignore = (): void => {};
  return {
    peer,
    deadline: Infinity,
    host: headers[':authority'] ?? '',
    socket: undefined,
    authContext: {},
    compresses: false,
    congested: false,
    get metricsRecorder(): never {
      throw new TypeError('the call has no recorder of metrics');
    },
    readMetadata: () => Metadata.fromHttp2Headers(headers),
    read: ignore,
    sendHeaders: ignore,
    sendMessage: ignore,
    sendStatus: ignore,
    breakOff: ignore,
  };
}

/** Given to grpc-js' handler layer, which may start it without any effect. */
export class InertCall extends ServerInterceptingCall {
  constructor() {
    super({
      start() {},
      sendMetadata() {},
      sendMessage() {},
      sendStatus() {},
      startRead() {},
      getPeer: () => 'unknown',
      getDeadline: () => Infinity,
      getHost: () => '',
      getAuthContext: () => ({}),
      getConnectionInfo: () => ({}),
      getMetricsRecorder() {
        throw new Error('an inert call records nothing');
      },
    });
  }

  override start(): void {}
}
