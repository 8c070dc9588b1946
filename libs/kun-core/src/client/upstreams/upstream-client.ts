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

/** The parts of an upstream's client, fixed at start. */
export interface UpstreamClientParts extends UpstreamCallParts {
  /** The name it is registered and configured under. */
  readonly name: string;
  readonly client: Client;
  readonly service: ServiceDefinition;
  readonly policy: UpstreamPolicy;
  /** Outermost first; called once the methods are known. */
  readonly interceptors: (methods: readonly RpcMethod[]) => readonly Interceptor[];
  /** Called with metadata that cannot be sent and is dropped. Default: none */
  readonly onLeftOut?: OnLeftOut | undefined;
}

/** A method of a typed client: takes a message or a stream of messages, returns a promise or a stream. */
export type UpstreamMethod = (
  request: unknown,
  options?: CallOptions,
) => Promise<unknown> | AsyncIterable<unknown>;

/** The methods of a typed client, by lower camel case name. */
export type TypedClient = Readonly<Record<string, UpstreamMethod>>;

/**
 * Creates the typed client of an upstream, with a method for each RPC in lower camel case. Unary and client-streaming
 * calls return a promise; server-streaming and bidirectional ones an async iterable that makes the call when the first
 * message is requested, stalls the upstream while nobody reads, and cancels the call when the loop is left. If no
 * message is ever requested, no call is made.
 *
 * @throws {StatusError} with the upstream's code, message and details.
 * @throws {CallArgumentError} for an invalid request or option, before anything is sent.
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
    if (!rpc) throw new TypeError(`${call.method.path} is not a method of ${parts.name}`);
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
    // Prepared now, in the context and with the deadline of the caller; made when the first message is requested.
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
