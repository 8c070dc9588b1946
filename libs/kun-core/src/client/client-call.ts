import { Metadata, status as Code } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import type { ContextKey } from '../rpc/context-key.js';
import type { Ending } from '../rpc/ending.js';
import type { MessageObserver, RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import type { Routes } from '../rpc/routes.js';
import { Tags } from '../rpc/tags.js';
import { StatusError } from '../status/status-error.js';

/** What a call is about, the same for all its attempts. */
export interface Exchange {
  readonly clock: Clock;
  /** A message, or a stream of them. */
  readonly request: unknown;
  /** Aborts with the status to end with: the caller left, or the call that this one serves has ended. */
  readonly signal: AbortSignal;
  readonly draining: AbortSignal;
  readonly deadline: number;
  readonly routes: Routes;
  /** Hands a response message to the caller; false asks to stop until the attempt is told to go on. */
  deliver(message: unknown): boolean;
  /** What to do when the caller wants more. */
  onDemand: (() => void) | undefined;
  /** An answer has begun to reach the caller. */
  committed: boolean;
  attempts: number;
}

/** What starts a call. */
export interface ClientCallOptions {
  readonly method: RpcMethod;
  readonly metadata: Metadata;
  readonly requestId: string;
  /** The upstream's address as dialled. */
  readonly peer: string;
  readonly attempt?: number;
}

/** A call that this process makes, and, in a retry, each attempt at it. */
export class ClientCall implements RpcCall {
  readonly side = 'client' as const;
  readonly method: RpcMethod;
  readonly metadata: Metadata;
  readonly attempt: number;
  readonly startedAt: number;
  peer: string;
  requestId: string;
  received = 0;
  sent = 0;
  ending: Ending | undefined;
  /** The upstream's response metadata, once it is here. */
  responseMetadata = new Metadata();

  private readonly startedMonotonicMs: number;
  private callTags: Tags | undefined;
  private values: Map<symbol, unknown> | undefined;
  private messageObservers: MessageObserver[] | undefined;
  private endObservers: Array<(ending: Ending) => void> = [];
  private cancelWire: ((reason: StatusError) => void) | undefined;
  private refused: StatusError | undefined;

  constructor(
    private readonly options: ClientCallOptions,
    readonly exchange: Exchange,
  ) {
    this.method = options.method;
    this.metadata = options.metadata;
    this.requestId = options.requestId;
    this.peer = options.peer;
    this.attempt = options.attempt ?? 1;
    this.startedAt = exchange.clock.now();
    this.startedMonotonicMs = exchange.clock.monotonicMs();
  }

  get deadline(): number {
    return this.exchange.deadline;
  }

  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  get draining(): AbortSignal {
    return this.exchange.draining;
  }

  get routes(): Routes {
    return this.exchange.routes;
  }

  get committed(): boolean {
    return this.exchange.committed || this.method.requestStream;
  }

  get tags(): Tags {
    return (this.callTags ??= new Tags());
  }

  get<T>(key: ContextKey<T>): T {
    return this.values?.has(key.id) ? (this.values.get(key.id) as T) : key.defaultValue;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    (this.values ??= new Map()).set(key.id, value);
  }

  onMessage(observer: MessageObserver): void {
    (this.messageObservers ??= []).push(observer);
  }

  onEnd(observer: (ending: Ending) => void): void {
    if (this.ending) observer(this.ending);
    else this.endObservers.push(observer);
  }

  end(error: StatusError): void {
    this.refused ??= error;
    this.cancelWire?.(error);
  }

  nextAttempt(): ClientCall {
    const next = new ClientCall(
      {
        ...this.options,
        metadata: this.metadata.clone(),
        requestId: this.requestId,
        attempt: ++this.exchange.attempts,
      },
      this.exchange,
    );
    // What interceptors outside of the retry have found out counts for each attempt.
    if (this.values) next.values = new Map(this.values);
    next.callTags = this.callTags;
    return next;
  }

  // --- what the client uses ---------------------------------------------------------------------------------------

  /** Why the call is not to be made at all, if an interceptor said so, or the caller left before it began. */
  get refusal(): StatusError | undefined {
    return this.refused ?? (this.signal.aborted ? cancelReason(this.signal) : undefined);
  }

  /** How to end the attempt that is on the wire. */
  onCancel(cancel: (reason: StatusError) => void): void {
    this.cancelWire = cancel;
  }

  countSent(message: unknown): void {
    this.sent++;
    for (const observer of this.messageObservers ?? []) observer('out', message);
  }

  countReceived(message: unknown): void {
    this.received++;
    for (const observer of this.messageObservers ?? []) observer('in', message);
  }

  /** The attempt is over, or the whole call: told once. */
  finish(ending: Omit<Ending, 'durationMs'>): Ending {
    if (this.ending) return this.ending;
    this.cancelWire = undefined;
    this.ending = Object.freeze({
      ...ending,
      durationMs: this.exchange.clock.monotonicMs() - this.startedMonotonicMs,
    });
    const observers = this.endObservers;
    this.endObservers = [];
    for (const observer of observers) observer(this.ending);
    return this.ending;
  }
}

/** The status behind an abort: the reason itself when it is one. */
export function cancelReason(signal: AbortSignal): StatusError {
  const reason: unknown = signal.reason;
  if (reason instanceof StatusError) return reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  return timedOut
    ? new StatusError(Code.DEADLINE_EXCEEDED, 'the time for the call is up', { cause: reason })
    : new StatusError(Code.CANCELLED, 'the call was cancelled by the caller', { cause: reason });
}
