import { Metadata, status as Code } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import { ObservedCall } from '../../rpc/observed-call.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import type { Routes } from '../../rpc/call-values.js';
import { StatusError } from '../../status/status-error.js';
import type { RequestSource } from './request-source.js';

/** What a call is about, the same for all its attempts. */
export interface Exchange {
  readonly clock: Clock;
  /** The message, where there is one. */
  readonly request: unknown;
  /** The messages, where there is a stream of them. */
  readonly requests: RequestSource | undefined;
  /** Aborts with the status to end with: the caller left, or the call that this one serves has ended. */
  readonly signal: AbortSignal;
  readonly draining: AbortSignal;
  readonly deadline: number;
  readonly routes: Routes;
  /** Told what an observer of the call threw. */
  readonly onObserverError: (call: RpcCall, error: unknown) => void;
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
export class ClientCall extends ObservedCall implements RpcCall {
  readonly side = 'client' as const;
  readonly method: RpcMethod;
  readonly metadata: Metadata;
  readonly attempt: number;
  peer: string;
  /** The upstream's response metadata, once it is here. */
  responseMetadata = new Metadata();
  responseTrailers = new Metadata();

  /** The call that this is an attempt at. */
  private whole: ClientCall | undefined;
  private cancelWire: ((reason: StatusError) => void) | undefined;
  private refused: StatusError | undefined;

  constructor(
    private readonly options: ClientCallOptions,
    readonly exchange: Exchange,
  ) {
    super(exchange.clock);
    this.method = options.method;
    this.metadata = options.metadata;
    this.requestId = options.requestId;
    this.peer = options.peer;
    this.attempt = options.attempt ?? 1;
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
    next.inherit(this);
    next.whole = this;
    return next;
  }

  // --- what the client uses ---------------------------------------------------------------------------------------

  /** Why the call is not to be made at all, if an interceptor said so, the caller left before it began, or it has no time. */
  get refusal(): StatusError | undefined {
    if (this.refused) return this.refused;
    if (this.signal.aborted) return cancelReason(this.signal);
    return this.exchange.clock.now() < this.deadline ? undefined : timeIsUp(this.deadline);
  }

  /** How to end the attempt that is on the wire. */
  onCancel(cancel: (reason: StatusError) => void): void {
    this.cancelWire = cancel;
  }

  /** The whole call shows what its last attempt got. */
  receiveMetadata(metadata: Metadata): void {
    this.responseMetadata = metadata;
    this.whole?.receiveMetadata(metadata);
  }

  receiveTrailers(trailers: Metadata): void {
    this.responseTrailers = trailers;
    this.whole?.receiveTrailers(trailers);
  }

  /** The attempt is over, or the whole call: told once. */
  finish(ending: Omit<Ending, 'durationMs'>): Ending {
    this.cancelWire = undefined;
    return this.ending ?? this.endWith(ending);
  }

  /** Observers here are interceptors; what they throw is a defect, and no reason to fail the call. */
  protected override observerFailed(error: unknown): void {
    this.exchange.onObserverError(this, error);
  }
}

function timeIsUp(deadline: number): StatusError {
  const date = new Date(deadline);
  const at = Number.isNaN(date.getTime()) ? String(deadline) : date.toISOString();
  return new StatusError(Code.DEADLINE_EXCEEDED, `the call was not made: its deadline was ${at}`);
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
