import { Metadata, status } from '@grpc/grpc-js';
import { type ContextKey, NO_ROUTES, type Routes, Tags } from '../rpc/call-values.js';
import type { EndObserver, Ending, MessageObserver, RpcCall } from '../rpc/rpc-call.js';
import { describeMethod, type RpcMethod } from '../rpc/rpc-method.js';
import type { StatusError } from '../status/status-error.js';

/** The initial state of a {@link FakeCall}; everything has a default. */
export interface FakeCallOptions {
  readonly side?: 'server' | 'client';
  /** Default: the unary method `/test.v1.TestService/Get` */
  readonly method?: RpcMethod;
  /** The request's metadata, or an object to create it from. Default: empty */
  readonly metadata?: Metadata | Readonly<Record<string, string>>;
  readonly peer?: string;
  readonly deadline?: number;
  readonly startedAt?: number;
  readonly requestId?: string;
  /** Default: 1 */
  readonly attempt?: number;
  /** Default: none */
  readonly routes?: Routes;
}

/**
 * A call without a transport, for testing an interceptor: the test plays the other side.
 *
 * ```ts
 * const call = new FakeCall();
 * const ended = interceptor((c) => call.ended)(call);
 * call.finish({ code: status.OK });
 * await ended;
 * ```
 */
export class FakeCall implements RpcCall {
  readonly side: 'server' | 'client';
  readonly attempt: number;
  routes: Routes;
  /** Whether it is too late for a retry. */
  committed = false;
  /** The attempts made for this call. */
  readonly attempts: FakeCall[] = [];
  readonly method: RpcMethod;
  readonly metadata: Metadata;
  readonly peer: string;
  readonly deadline: number;
  readonly startedAt: number;
  readonly tags = new Tags();
  readonly responseMetadata = new Metadata();
  readonly responseTrailers = new Metadata();
  requestId: string;
  received = 0;
  sent = 0;
  ending: Ending | undefined;
  /** Resolves with the ending. */
  readonly ended: Promise<Ending>;

  private readonly abort = new AbortController();
  private readonly drain = new AbortController();
  private readonly values = new Map<symbol, unknown>();
  private readonly messageObservers: MessageObserver[] = [];
  private readonly endObservers: EndObserver[] = [];

  constructor(options: FakeCallOptions = {}) {
    this.side = options.side ?? 'server';
    this.attempt = options.attempt ?? 1;
    this.routes = options.routes ?? NO_ROUTES;
    this.method = options.method ?? UNARY;
    this.metadata = options.metadata instanceof Metadata ? options.metadata : toMetadata(options.metadata);
    this.peer = options.peer ?? '192.0.2.1:40000';
    this.deadline = options.deadline ?? Infinity;
    this.startedAt = options.startedAt ?? Date.UTC(2026, 0, 31, 12);
    this.requestId = options.requestId ?? '';
    this.ended = new Promise((resolve) => this.onEnd(resolve));
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get draining(): AbortSignal {
    return this.drain.signal;
  }

  onMessage(observer: MessageObserver): void {
    this.messageObservers.push(observer);
  }

  onEnd(observer: EndObserver): void {
    if (this.ending) observer(this.ending, this);
    else this.endObservers.push(observer);
  }

  end(error: StatusError): void {
    this.finish({ code: error.code, message: error.message, error });
  }

  nextAttempt(): FakeCall {
    const { side, method, metadata, peer, deadline, startedAt, requestId, routes } = this;
    const attempt = this.attempts.length + 1;
    const call = new FakeCall({
      side,
      method,
      metadata: metadata.clone(),
      peer,
      deadline,
      startedAt,
      requestId,
      routes,
      attempt,
    });
    this.attempts.push(call);
    return call;
  }

  get<T>(key: ContextKey<T>): T {
    return this.values.has(key.id) ? (this.values.get(key.id) as T) : key.defaultValue;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.values.set(key.id, value);
  }

  /** Simulates a message from the other side. */
  receive(message: unknown): void {
    this.received++;
    for (const observer of this.messageObservers) observer('in', message);
  }

  /** Simulates a message to the other side. */
  send(message: unknown): void {
    this.sent++;
    for (const observer of this.messageObservers) observer('out', message);
  }

  /** Ends the RPC; later calls have no effect. Default: OK, sent, after 1.5 ms */
  finish(ending: Partial<Ending> = {}): void {
    if (this.ending) return;
    this.ending = { code: status.OK, message: '', cause: 'status', durationMs: 1.5, ...ending };
    if (this.ending.cause !== 'status') this.abort.abort();
    for (const observer of this.endObservers.splice(0)) observer(this.ending, this);
  }

  /** Starts the shutdown. */
  beginDrain(): void {
    this.drain.abort();
  }
}

const UNARY = describeMethod('/test.v1.TestService/Get', { requestStream: false, responseStream: false });

function toMetadata(headers: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
