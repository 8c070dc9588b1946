import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { status as Code } from '@grpc/grpc-js';
import type { ServerCall } from '../../call/server-call.js';
import { endingOfAbandoned, type WireOutcome } from '../../call/wire-call.js';
import type { GrpcJsCall } from './grpc-js-call.js';

const STREAM_START = 'http2.server.stream.start';
const STREAM_CLOSE = 'http2.server.stream.close';

/** What the server provides about its streams. */
export interface StreamOwner {
  readonly now: () => number;
  /** Whether the stream belongs to one of the server's own connections: the diagnostics channels are process-wide. */
  owns(stream: ServerHttp2Stream): boolean;
  /** Creates a call that was refused before any interceptor saw it (unknown method, wrong content type). */
  unanswered(headers: IncomingHttpHeaders, stream: ServerHttp2Stream): ServerCall;
}

/** What is known about one of our streams before it closes. */
interface Tracked {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  call: ServerCall | undefined;
}

interface StreamMessage {
  readonly stream: ServerHttp2Stream & { [tracked: symbol]: Tracked | undefined };
  readonly headers: IncomingHttpHeaders;
}

/**
 * Associates calls with their HTTP/2 streams, and tells each call how its stream closed.
 *
 * grpc-js hides the stream from interceptors, and only the stream knows the status that was sent. Node's diagnostics
 * channels expose it: a stream's start is published just before the event in which grpc-js creates the call, so the
 * next call created belongs to it. The channels are marked experimental (Node 22.22, 24.15 and later); the table of
 * endings in `test/e2e` verifies them on each supported Node.
 */
export class StreamEndings {
  private started: Tracked | undefined;
  // Per instance: each server of the process is notified of all streams.
  private readonly tracked = Symbol('kun.stream');

  constructor(private readonly owner: StreamOwner) {}

  listen(): void {
    subscribe(STREAM_START, this.onStart);
    subscribe(STREAM_CLOSE, this.onClose);
  }

  stop(): void {
    unsubscribe(STREAM_START, this.onStart);
    unsubscribe(STREAM_CLOSE, this.onClose);
  }

  /** Associates the call being created with the stream that has just started. */
  attach(call: ServerCall, wire: GrpcJsCall): void {
    if (!this.started) return;
    this.started.call = call;
    wire.stream = this.started.stream;
    this.started = undefined;
  }

  private readonly onStart = (message: unknown): void => {
    const { stream, headers } = message as StreamMessage;
    dropEndlessTimeout(headers);
    this.started = { stream, headers, call: undefined };
    stream[this.tracked] = this.started;
  };

  private readonly onClose = (message: unknown): void => {
    const { stream } = message as StreamMessage;
    const tracked = stream[this.tracked];
    if (!tracked) return;
    let { call } = tracked;
    if (!call) {
      if (!this.owner.owns(stream)) return;
      call = this.owner.unanswered(tracked.headers, stream);
    }
    call.finish(
      wireEnding(stream, {
        deadline: call.deadline,
        now: this.owner.now,
        // Evaluated only if no status was sent, because the socket is behind Node's proxy.
        connectionLost: () => stream.session?.socket.destroyed ?? true,
      }),
    );
    stream[this.tracked] = undefined;
    stream.once('close', letGo);
  };
}

/** What a closed HTTP/2 server stream reveals about its call. */
interface ClosedStream {
  readonly sentHeaders?: OutgoingHttpHeaders | undefined;
  readonly sentTrailers?: OutgoingHttpHeaders | undefined;
  readonly rstCode?: number | undefined;
}

/**
 * Determines how a call ended from what was sent: grpc-js answers oversize messages, serialization errors and deadlines
 * below its interceptors, so only the stream knows the status of every call.
 */
function wireEnding(
  stream: ClosedStream,
  call: { readonly deadline: number; now(): number; connectionLost(): boolean },
): WireOutcome {
  return (
    statusSent(stream) ??
    endingOfAbandoned({
      deadline: call.deadline,
      now: call.now(),
      connectionLost: call.connectionLost(),
      cancelled: stream.rstCode === constants.NGHTTP2_CANCEL,
    })
  );
}

function statusSent(stream: ClosedStream): WireOutcome | undefined {
  const sent = stream.sentTrailers ?? stream.sentHeaders;
  const status = sent?.['grpc-status'];
  if (sent && status !== undefined) {
    const code = Number(status);
    return { code, message: code === Code.OK ? '' : decodeMessage(sent['grpc-message']), cause: 'status' };
  }
  // Refused before gRPC was involved (wrong content type): the caller's library turns such a response into UNKNOWN.
  const httpStatus = stream.sentHeaders?.[':status'];
  if (httpStatus !== undefined && Number(httpStatus) !== 200) {
    return { code: Code.UNKNOWN, message: `refused with HTTP status ${String(httpStatus)}`, cause: 'status' };
  }
  return undefined;
}

function decodeMessage(header: unknown): string {
  if (typeof header !== 'string') return '';
  try {
    return decodeURI(header);
  } catch {
    return header;
  }
}

/**
 * Releases what a closed stream references: its call and grpc-js' part of it. Node's session keeps its streams in a Map
 * whose discarded tables still reference closed streams; V8's young collections copy them with everything they
 * reference until the next full collection. That was 10 MiB per collection, and a fifth of the CPU time of small calls.
 */
function letGo(this: EventEmitter): void {
  // Not the stream's own method, which would check a tick later whether to keep reading. `removeListener` listeners go
  // first: without them the rest is a single assignment (0.4 µs instead of 3).
  const emitter = EventEmitter.prototype;
  emitter.removeAllListeners.call(this, 'removeListener');
  emitter.removeAllListeners.call(this);
  this.on('error', ignore);
}

function ignore(): void {}

/** Milliseconds per unit of `grpc-timeout` (gRPC over HTTP/2, "Timeout"). */
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/** The longest delay that Node's timers and grpc-js' 32-bit arithmetic support: 24.8 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Removes a timeout that grpc-js cannot represent: it would overflow and end the call at once instead of in a month.
 * Such a call has no deadline on the server; its caller still enforces it.
 */
export function dropEndlessTimeout(headers: IncomingHttpHeaders): void {
  const timeout = headers['grpc-timeout'];
  if (typeof timeout !== 'string') return;
  const amountMs = Number(timeout.slice(0, -1)) * (UNIT_MS[timeout.slice(-1)] ?? Number.NaN);
  if (amountMs > LONGEST_TIMEOUT_MS) delete headers['grpc-timeout'];
}
