import { status as Code, type Client } from '@grpc/grpc-js';
import type { Ending } from '../../rpc/rpc-call.js';
import { compose, type CallHandler, type Interceptor } from '../../rpc/interceptor.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import { describeMethod, type RpcMethod } from '../../rpc/rpc-method.js';
import { StatusError, type UpstreamPolicy } from '../../status/status-error.js';
import type { OnLeftOut } from '../../transport/outgoing-metadata.js';
import { attempt } from '../call/attempt.js';
import type { CallOptions } from '../call/call-options.js';
import type { ClientCall } from '../call/client-call.js';
import { MessageQueue } from '../call/message-queue.js';
import { PreparedCall, type UpstreamCallParts } from '../call/prepared-call.js';

/** What is decided at start for all calls to an upstream. */
export interface UpstreamClientParts extends UpstreamCallParts {
  /** The name it is registered and configured under. */
  readonly name: string;
  readonly client: Client;
  readonly service: ServiceDefinition;
  readonly policy: UpstreamPolicy;
  /** Outermost first; made when the methods are known. */
  readonly interceptors: (methods: readonly RpcMethod[]) => readonly Interceptor[];
  /** Told of metadata that cannot be sent and is left out. Default: nobody is. */
  readonly onLeftOut?: OnLeftOut | undefined;
}

/** The method of a typed client: a message or a stream of them in, a promise or a stream out. */
export type UpstreamMethod = (
  request: unknown,
  options?: CallOptions,
) => Promise<unknown> | AsyncIterable<unknown>;

/** The methods of a typed client, by their names in lower camel case. */
export type TypedClient = Readonly<Record<string, UpstreamMethod>>;

/**
 * Makes the typed client of an upstream: for each RPC a method of its name in lower camel case. Unary and
 * client-streaming calls give a promise; server-streaming and bidirectional ones an async iterable that calls when it is
 * first asked, stalls the upstream while nobody reads, and cancels the call when the loop is left. One that is never asked
 * is never called.
 *
 * @throws {StatusError} with the upstream's code, message and details.
 * @throws {CallArgumentError} for a request or options that cannot be used, before anything is sent.
 */
export function upstreamClient(parts: UpstreamClientParts): TypedClient {
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
    rpcs.map(({ rpc, method }) => [rpc.originalName, clientMethod(parts, method, chain)]),
  );
}

function clientMethod(parts: UpstreamClientParts, method: RpcMethod, chain: CallHandler): UpstreamMethod {
  if (!method.responseStream) {
    return async (request, options) => {
      let response: unknown;
      const deliver = (message: unknown) => {
        response = message;
        return true;
      };
      const ending = await new PreparedCall(parts, { method, request, options, deliver }).carry(chain);
      if (ending.code !== Code.OK) throw errorOf(ending);
      if (response === undefined)
        throw new StatusError(Code.INTERNAL, `${method.path} answered OK without a response`);
      return response;
    };
  }
  return (request, options) => {
    const deliver = (message: unknown) => queue.push(message);
    // Prepared now, under the call and with the time that asked for it; made when the first message is wanted.
    const prepared = new PreparedCall(parts, { method, request, options, deliver });
    const queue: MessageQueue<unknown> = new MessageQueue<unknown>({
      begin: () => {
        void prepared
          .carry(chain)
          .then((ending) => queue.end(ending.code === Code.OK ? {} : { error: errorOf(ending) }));
      },
      onDemand: () => prepared.wantMore(),
      onAbandoned: (begun) => prepared.abandon(begun),
    });
    return queue;
  };
}

function errorOf(ending: Ending): StatusError {
  return ending.error ?? new StatusError(ending.code, ending.message);
}
