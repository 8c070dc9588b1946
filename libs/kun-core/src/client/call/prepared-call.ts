import { status as Code } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import { retryOverride } from '../../retry/retry-override.js';
import { readPushback } from '../../retry/retry-pushback.js';
import { currentCall } from '../../rpc/current-call.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import type { CallHandler } from '../../rpc/interceptor.js';
import { isRepetition, retriedBeyond, retriesSpent } from '../../rpc/attempts.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import type { Routes } from '../../rpc/call-values.js';
import { type RouteChanges, RouteError } from '../../routing/route-changes.js';
import { StatusError } from '../../status/status-error.js';
import { CallArgumentError } from './call-argument-error.js';
import { callDeadline } from './call-deadline.js';
import { readCallOptions } from './call-options.js';
import { ClientCall, type Exchange } from './client-call.js';
import { governingCall } from './detach.js';
import { requestSource, singleRequest } from './request-source.js';

/** What all calls to an upstream share. */
export interface UpstreamCallParts {
  /** The upstream's target as dialled, for logs and spans until the connection is known. */
  readonly target: string;
  readonly clock: Clock;
  readonly draining: AbortSignal;
  /** The unary timeout of a method; `undefined` for none. */
  readonly timeoutMs: (method: RpcMethod) => number | undefined;
  /** Called with what an interceptor's observer threw. */
  readonly onObserverError: (call: RpcCall, error: unknown) => void;
  /** The routes to send with a call: the propagated ones, and those passed for the call. */
  readonly routes: (own: RouteChanges | undefined) => Routes;
}

/** A requested call. */
export interface CallArguments {
  readonly method: RpcMethod;
  /** As passed by the caller: a message, or a stream of messages. */
  readonly request: unknown;
  /** As passed by the caller. */
  readonly options: unknown;
  /** Delivers a response message to the caller; false asks to stop until {@link PreparedCall.wantMore}. */
  readonly deliver: (message: unknown) => boolean;
}

/**
 * A call whose arguments are validated and whose deadline is running; nothing is sent before
 * {@link PreparedCall.carry}.
 */
export class PreparedCall {
  private readonly call: ClientCall;
  private readonly linked: LinkedSignal;
  private readonly governing: RpcCall | undefined;

  /**
   * @throws {CallArgumentError} for an invalid request or option.
   * @throws {RouteError} for a route that cannot be sent.
   */
  constructor(parts: UpstreamCallParts, { method, request, options: given, deliver }: CallArguments) {
    const { path } = method;
    const options = readCallOptions(path, given);
    const requests = method.requestStream ? requestSource(path, request) : undefined;
    const governing = governingCall();
    const unaryTimeoutMs = method.kind === 'unary' ? parts.timeoutMs(method) : undefined;
    this.linked = new LinkedSignal([options.signal, governing?.signal]);
    const exchange: Exchange = {
      clock: parts.clock,
      request: requests ? undefined : singleRequest(path, request),
      requests,
      signal: this.linked.signal,
      draining: parts.draining,
      deadline: callDeadline(parts.clock.now(), {
        // None if the call has its own timeout or deadline.
        timeoutMs: options.timeoutMs ?? (options.deadlineMs === undefined ? unaryTimeoutMs : undefined),
        deadlineMs: options.deadlineMs,
        parent: governing,
      }),
      routes: routesOf(parts, method, options.routes),
      onObserverError: parts.onObserverError,
      deliver,
      onDemand: undefined,
      committed: false,
      attempts: 0,
    };
    const requestId = currentCall()?.requestId ?? '';
    this.call = new ClientCall(
      { method, metadata: options.metadata, requestId, peer: parts.target },
      exchange,
    );
    this.governing = governing;
    // Whoever repeats the incoming call does the retrying.
    const retry = options.retry ?? (governing && isRepetition(governing.metadata) ? false : undefined);
    if (retry !== undefined) this.call.set(retryOverride, retry);
  }

  /** Runs the call through the chain; failures become endings. Never rejects. */
  async carry(chain: CallHandler): Promise<Ending> {
    const { call, linked } = this;
    try {
      linked.link();
      const ending = call.finish(await chain(call));
      if (ending.code !== Code.OK) this.tellCaller(ending);
      return ending;
    } catch (cause) {
      const message = `the call of ${call.method.path} failed before it was made`;
      const error = cause instanceof StatusError ? cause : new StatusError(Code.INTERNAL, message, { cause });
      return call.finish({ code: error.code, message: error.message, error, cause: 'reset' });
    } finally {
      linked.unlink();
      call.exchange.requests?.finish();
    }
  }

  wantMore(): void {
    this.call.exchange.onDemand?.();
  }

  /** The responses are no longer read. */
  abandon(begun: boolean): void {
    this.linked.abort(new StatusError(Code.CANCELLED, 'the response stream was left'));
    if (!begun) this.call.exchange.requests?.finish();
  }

  /** Retries exhausted here must not be repeated by upstream callers. */
  private tellCaller(ending: Ending): void {
    if (!this.call.get(retriesSpent) && readPushback(ending).kind !== 'stop') return;
    this.governing?.set(retriedBeyond, true);
  }
}

/**
 * @throws {RouteError} for a route that cannot be sent.
 * @throws {CallArgumentError} for an object that cannot be read.
 */
function routesOf(parts: UpstreamCallParts, method: RpcMethod, own: RouteChanges | undefined): Routes {
  try {
    return parts.routes(own);
  } catch (cause) {
    if (cause instanceof RouteError) throw cause;
    throw new CallArgumentError(method.path, 'routes', 'cannot be read', { cause });
  }
}

/**
 * A signal that aborts with the first of several, and its reason, between `link` and `unlink`, so that a long-lived
 * source (a stream's signal) does not accumulate a listener for every call.
 */
class LinkedSignal {
  private readonly controller = new AbortController();
  private readonly sources: readonly AbortSignal[];

  constructor(sources: ReadonlyArray<AbortSignal | undefined>) {
    this.sources = sources.filter((source) => source !== undefined);
  }

  link(): void {
    for (const source of this.sources) {
      if (source.aborted) this.abort(source.reason);
      else source.addEventListener('abort', this.onAbort, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
  }

  unlink(): void {
    for (const source of this.sources) source.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (event: Event): void => {
    this.abort((event.target as AbortSignal).reason);
  };
}
