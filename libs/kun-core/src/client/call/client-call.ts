import { Metadata, status as Code } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import { ObservedCall } from '../../rpc/observed-call.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import type { Routes } from '../../rpc/call-values.js';
import { StatusError } from '../../status/status-error.js';
import type { RequestSource } from './request-source.js';

/** What all attempts of a call share. */
export interface Exchange {
  readonly clock: Clock;
  /** The message, if the request is a single one. */
  readonly request: unknown;
  /** The messages, if the request is a stream. */
  readonly requests: RequestSource | undefined;
  /** Aborts with the status to end with: the caller has left, or the incoming call that this one serves has ended. */
  readonly signal: AbortSignal;
  readonly draining: AbortSignal;
  readonly deadline: number;
  readonly routes: Routes;
  /** Called with what an observer of the call threw. */
  readonly onObserverError: (call: RpcCall, error: unknown) => void;
  /** Delivers a response message to the caller; false asks to stop until the attempt is told to continue. */
  deliver(message: unknown): boolean;
  /** Called when the caller wants more messages. */
  onDemand: (() => void) | undefined;
  /** Whether the response has begun to reach the caller. */
  committed: boolean;
  attempts: number;
}

/** Options of a new call. */
export interface ClientCallOptions {
  readonly method: RpcMethod;
  readonly metadata: Metadata;
  readonly requestId: string;
  /** The upstream's target as dialled. */
  readonly peer: string;
  readonly attempt?: number;
}

/** An outgoing call, and, in a retry, each attempt at it. */
export class ClientCall extends ObservedCall implements RpcCall {
  readonly side = 'client' as const;
  readonly method: RpcMethod;
  readonly metadata: Metadata;
  readonly attempt: number;
  peer: string;
  /** The upstream's initial metadata, once received. */
  responseMetadata = new Metadata();
  responseTrailers = new Metadata();

  /** The call that this is an attempt of. */
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
    // What interceptors outside the retry have set applies to each attempt.
    next.inherit(this);
    next.whole = this;
    return next;
  }

  // --- for the client ---------------------------------------------------------------------------------------------

  /**
   * Why the call must not be made: an interceptor ended it, the caller left before it began, or its deadline has
   * passed.
   */
  get refusal(): StatusError | undefined {
    if (this.refused) return this.refused;
    if (this.signal.aborted) return cancelReason(this.signal);
    return this.exchange.clock.now() < this.deadline ? undefined : timeIsUp(this.deadline);
  }

  /** Registers how to cancel the attempt on the wire. */
  onCancel(cancel: (reason: StatusError) => void): void {
    this.cancelWire = cancel;
  }

  /** The whole call reports the metadata of its last attempt. */
  receiveMetadata(metadata: Metadata): void {
    this.responseMetadata = metadata;
    this.whole?.receiveMetadata(metadata);
  }

  receiveTrailers(trailers: Metadata): void {
    this.responseTrailers = trailers;
    this.whole?.receiveTrailers(trailers);
  }

  /** Ends the attempt, or the whole call, exactly once. */
  finish(ending: Omit<Ending, 'durationMs'>): Ending {
    this.cancelWire = undefined;
    return this.ending ?? this.endWith(ending);
  }

  /** Observers here are interceptors; an error they throw is a bug, but no reason to fail the call. */
  protected override observerFailed(error: unknown): void {
    this.exchange.onObserverError(this, error);
  }
}

function timeIsUp(deadline: number): StatusError {
  const date = new Date(deadline);
  const at = Number.isNaN(date.getTime()) ? String(deadline) : date.toISOString();
  return new StatusError(Code.DEADLINE_EXCEEDED, `the call was not made: its deadline was ${at}`);
}

/** The status behind an abort: the reason itself if it is one. */
export function cancelReason(signal: AbortSignal): StatusError {
  const reason: unknown = signal.reason;
  if (reason instanceof StatusError) return reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  return timedOut
    ? new StatusError(Code.DEADLINE_EXCEEDED, 'the deadline of the call has passed', { cause: reason })
    : new StatusError(Code.CANCELLED, 'the call was cancelled by the caller', { cause: reason });
}
