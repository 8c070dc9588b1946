import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { KunGrpcServer } from '../../server/port/grpc-server.js';
import type { WireStatus } from '../../server/call/wire-call.js';
import { describeMethod, type RpcMethod } from '../../rpc/rpc-method.js';
import { REQUEST_ID_HEADER, requestIdFrom } from '../../rpc/call-values.js';
import { fromServiceError } from '../../status/wire/service-error.js';
import { peerOf } from '../access/dispatcher.js';
import { badRequest, notFound, Refusal, tooMany } from '../access/refusal.js';
import type { AdminRoute, Exchange } from '../access/route.js';
import { bufCurl } from './buf-curl.js';
import { readCallRequest, readMessages, toMetadata, type AskedCall } from './call-request.js';
import { CallSession } from './call-session.js';
import { methodShapes } from './method-shapes.js';
import { ProtoJson, type JsonMethod } from './proto-json.js';

/** What calls are made with. */
export interface CallingParts {
  readonly clock: Clock;
  readonly server: KunGrpcServer;
  readonly tls: boolean;
  readonly reflection: boolean;
  /** The largest message; a body may have twice as much, for JSON is longer. */
  readonly maxMessageBytes: number;
}

const MAX_OPEN = 16;
const UNARY_TIMEOUT_MS = 30_000;
const STREAM_TIMEOUT_MS = 600_000;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Calls of this service's methods, made from the admin port. */
export class Calling {
  private readonly open = new Map<string, CallSession>();
  private readonly protos: ProtoJson;
  private readonly maxBodyBytes: number;

  constructor(private readonly parts: CallingParts) {
    this.protos = new ProtoJson(parts.server.schemas);
    this.maxBodyBytes = Math.min(2 * parts.maxMessageBytes + 64 * 1024, MAX_BODY_BYTES);
  }

  /** `/methods` and `/call`. */
  get routes(): AdminRoute[] {
    const { server, tls, reflection } = this.parts;
    const shapes = { services: [...server.services.keys()], schemas: server.schemas, tls, reflection };
    const on = (act: (session: CallSession, exchange: Exchange) => Promise<void> | void) => ({
      needs: 'token' as const,
      handle: async (exchange: Exchange) => {
        await act(this.session(exchange.id), exchange);
        exchange.response.writeHead(204).end();
        return undefined;
      },
    });
    return [
      {
        method: 'GET',
        path: '/methods',
        needs: 'reading',
        handle: () => methodShapes({ ...shapes, protos: this.protos }),
      },
      {
        method: 'POST',
        path: '/call',
        needs: 'token',
        handle: async (exchange) => {
          await this.make(exchange);
          return undefined;
        },
      },
      {
        method: 'POST',
        path: '/call/{id}/messages',
        ...on(async (session, { body }) => {
          const { messages } = Object(await body(this.maxBodyBytes)) as { messages?: unknown };
          session.send(readMessages(messages));
        }),
      },
      { method: 'POST', path: '/call/{id}/half-close', ...on((session) => session.halfClose()) },
      { method: 'DELETE', path: '/call/{id}', ...on((session) => session.cancel()) },
    ];
  }

  /** Cancels what is under way. */
  stop(): void {
    for (const session of this.open.values()) session.cancel();
  }

  private session(id: string): CallSession {
    const session = this.open.get(id);
    if (!session) throw notFound('there is no such call under way: it has ended, or its time was up');
    return session;
  }

  /** @throws {Refusal} for what cannot be called; whatever the call itself comes to is written as its end. */
  private async make(exchange: Exchange): Promise<void> {
    const asked = readCallRequest(await exchange.body(this.maxBodyBytes));
    const method = await this.protos.method(asked.method);
    if (!method)
      throw notFound(`there is no method ${asked.method.slice(0, 200)}; /methods lists those there are`);
    const rpc = describeMethod(asked.method, streamsOf(method));
    const messages = messagesOf(asked, rpc);
    if (this.open.size >= MAX_OPEN)
      throw tooMany(`${MAX_OPEN} calls are under way, as many as may be; end one`);
    const { clock, server } = this.parts;
    const metadata = toMetadata(asked.metadata);
    const requestId = requestIdFrom(metadata.get(REQUEST_ID_HEADER)[0]);
    metadata.set(REQUEST_ID_HEADER, requestId);
    const timeoutMs = asked.timeoutMs ?? (rpc.kind === 'unary' ? UNARY_TIMEOUT_MS : STREAM_TIMEOUT_MS);
    const deadline = clock.now() + timeoutMs;
    // Before there is a call, so that what does not fit makes none.
    for (const message of messages) method.encode(message);
    const session = new CallSession({
      peer: peerOf(exchange.request.socket),
      metadata,
      deadline,
      method,
      response: exchange.response,
      detailsOf,
    });
    const call = server.callLocally(asked.method, session);
    if (!call)
      throw new Refusal(503, 'the gRPC port is not open: the service starts or stops', {
        'Retry-After': '5',
      });
    const id = randomUUID();
    this.open.set(id, session);
    exchange.response.once('close', () => this.open.delete(id));
    const { tls, reflection } = this.parts;
    session.begin(call, {
      type: 'open',
      id,
      method: asked.method,
      kind: rpc.kind,
      requestId,
      deadline,
      bufCurl: bufCurl({ ...asked, messages, tls, reflection }),
    });
    call.start();
    session.send(messages);
    if (!asked.open) session.halfClose();
  }
}

function streamsOf({ descriptor }: JsonMethod): { requestStream: boolean; responseStream: boolean } {
  const { methodKind: kind } = descriptor;
  return {
    requestStream: kind === 'client_streaming' || kind === 'bidi_streaming',
    responseStream: kind === 'server_streaming' || kind === 'bidi_streaming',
  };
}

/** @throws {Refusal} when there are more than the method takes. */
function messagesOf({ messages, open }: AskedCall, { requestStream, path }: RpcMethod): readonly unknown[] {
  if (requestStream) return messages ?? [];
  if (open) throw badRequest(`${path} takes one message: it cannot be left open`);
  if (messages && messages.length !== 1)
    throw badRequest(`${path} takes one message, not ${messages.length}`);
  return messages ?? [{}];
}

function detailsOf({ code, details, metadata }: WireStatus): readonly unknown[] {
  if (code === 0 || !metadata) return [];
  return fromServiceError({ code, details, metadata }).details;
}
