import { status as Code, type Client } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import { retryOverride } from '../interceptors/retry-override.js';
import { currentCall } from '../rpc/current-call.js';
import type { Ending } from '../rpc/ending.js';
import { compose, type CallHandler, type Interceptor } from '../rpc/interceptor.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import { describeMethod, type RpcMethod } from '../rpc/rpc-method.js';
import type { ServiceDefinition } from '../proto/service-definition.js';
import type { RouteChanges } from '../routing/route-changes.js';
import { RouteError } from '../routing/route-error.js';
import type { Routes } from '../rpc/routes.js';
import { StatusError } from '../status/status-error.js';
import type { UpstreamPolicy } from '../status/upstream-policy.js';
import type { OnLeftOut } from '../transport/outgoing-metadata.js';
import { attempt } from './attempt.js';
import { CallArgumentError } from './call-argument-error.js';
import { callDeadline } from './call-deadline.js';
import { readCallOptions, type CallOptions, type CheckedCallOptions } from './call-options.js';
import { ClientCall, type Exchange } from './client-call.js';
import { governingCall } from './detach.js';
import { LinkedSignal } from './linked-signal.js';
import { ResponseQueue } from './response-queue.js';

/** What is decided at start for all calls to an upstream. */
export interface UpstreamClientParts {
  /** The name it is registered and configured under. */
  readonly name: string;
  /** The upstream's address as dialled, for logs and spans until the connection is known. */
  readonly target: string;
  readonly client: Client;
  readonly service: ServiceDefinition;
  readonly clock: Clock;
  readonly draining: AbortSignal;
  readonly policy: UpstreamPolicy;
  /** Outermost first; made when the methods are known. */
  readonly interceptors: (methods: readonly RpcMethod[]) => readonly Interceptor[];
  /** The unary timeout of a method; `undefined` for none. */
  readonly timeoutMs: (method: RpcMethod) => number | undefined;
  /** Told what an interceptor's observer threw. */
  readonly onObserverError: (call: RpcCall, error: unknown) => void;
  /** Told of metadata that cannot be sent and is left out. Default: nobody is. */
  readonly onLeftOut?: OnLeftOut | undefined;
  /** The routes that go with a call from here: what travels by itself, and those given for the call. */
  readonly routes: (own: RouteChanges | undefined) => Routes;
}

/** The method of a typed client: a message or a stream of them in, a promise or a stream out. */
export type ClientMethod = (
  request: unknown,
  options?: CallOptions,
) => Promise<unknown> | AsyncIterable<unknown>;

/**
 * Makes the typed client of an upstream: for each RPC a method of its name in lower camel case. Unary and
 * client-streaming calls give a promise; server-streaming and bidirectional ones an async iterable that calls when it is
 * first asked, stalls the upstream while nobody reads, and cancels the call when the loop is left.
 *
 * @throws {StatusError} from its methods, with the upstream's code, message and details.
 */
export function upstreamClient(parts: UpstreamClientParts): Record<string, ClientMethod> {
  const rpcs = Object.values(parts.service).map((rpc) => ({
    rpc,
    method: describeMethod(rpc.path, rpc),
  }));
  const byMethod = new Map(rpcs.map(({ rpc, method }) => [method, rpc]));
  const { client, policy, name, onLeftOut = () => {} } = parts;
  const target = { client, upstream: { policy, name }, onLeftOut };
  const innermost: CallHandler = (call) => {
    const rpc = byMethod.get(call.method);
    if (!rpc) throw new TypeError(`${call.method.path} is no method of ${parts.name}`);
    return attempt(target, rpc, call as ClientCall);
  };
  const chain = compose(parts.interceptors(rpcs.map(({ method }) => method)), innermost);
  return Object.fromEntries(
    rpcs.map(({ method }) => [lowerFirst(method.name), clientMethod(parts, method, chain)]),
  );
}

function clientMethod(parts: UpstreamClientParts, method: RpcMethod, chain: CallHandler): ClientMethod {
  if (!method.responseStream) {
    return async (request, given) => {
      const options = readCallOptions(method.path, given);
      let response: unknown;
      const { call, linked } = prepare(parts, method, request, options, (message) => {
        response = message;
        return true;
      });
      const ending = await carry(chain, call, linked);
      if (ending.code !== Code.OK) throw errorOf(ending);
      if (response === undefined)
        throw new StatusError(Code.INTERNAL, `${method.path} answered OK without a response`);
      return response;
    };
  }
  return (request, given) => {
    const options = readCallOptions(method.path, given);
    // Prepared now, under the call and with the time that asked for it; made when the first message is wanted.
    const { call, linked } = prepare(parts, method, request, options, (message) => queue.push(message));
    const queue: ResponseQueue<unknown> = new ResponseQueue<unknown>(
      {
        onDemand: () => call.exchange.onDemand?.(),
        onAbandoned: () => linked.abort(new StatusError(Code.CANCELLED, 'the response stream was left')),
      },
      () => {
        void carry(chain, call, linked).then((ending) =>
          queue.end(ending.code === Code.OK ? {} : { error: errorOf(ending) }),
        );
      },
    );
    return queue;
  };
}

function prepare(
  parts: UpstreamClientParts,
  method: RpcMethod,
  request: unknown,
  options: CheckedCallOptions,
  deliver: (message: unknown) => boolean,
): { call: ClientCall; linked: LinkedSignal } {
  const governing = governingCall();
  const unaryTimeoutMs = method.kind === 'unary' ? parts.timeoutMs(method) : undefined;
  const linked = new LinkedSignal([options.signal, governing?.signal]);
  const exchange: Exchange = {
    clock: parts.clock,
    request,
    signal: linked.signal,
    draining: parts.draining,
    deadline: callDeadline(parts.clock.now(), {
      // Its own, when the call has one of either form.
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
  const call = new ClientCall(
    {
      method,
      metadata: options.metadata,
      requestId: currentCall()?.requestId ?? '',
      peer: parts.target,
    },
    exchange,
  );
  if (options.retry !== undefined) call.set(retryOverride, options.retry);
  return { call, linked };
}

/** Takes the call through the chain; what goes wrong in it is an ending, too. */
async function carry(chain: CallHandler, call: ClientCall, linked: LinkedSignal): Promise<Ending> {
  try {
    linked.link();
    const ending = await chain(call);
    return call.finish(ending);
  } catch (cause) {
    const error =
      cause instanceof StatusError
        ? cause
        : new StatusError(Code.INTERNAL, `the call of ${call.method.path} failed before it was made`, {
            cause,
          });
    return call.finish({ code: error.code, message: error.message, error, cause: 'reset' });
  } finally {
    linked.unlink();
  }
}

/** @throws {RouteError} for a route that cannot be sent; {CallArgumentError} for an object that cannot be read. */
function routesOf(parts: UpstreamClientParts, method: RpcMethod, own: RouteChanges | undefined): Routes {
  try {
    return parts.routes(own);
  } catch (cause) {
    if (cause instanceof RouteError) throw cause;
    throw new CallArgumentError(method.path, 'routes', 'cannot be read', { cause });
  }
}

function errorOf(ending: Ending): StatusError {
  return ending.error ?? new StatusError(ending.code, ending.message);
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
