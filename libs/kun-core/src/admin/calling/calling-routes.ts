import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { KunGrpcServer } from '../../server/port/grpc-server.js';
import type { LocalCall, LocalCallListener } from '../../server/port/local-call.js';
import { peerOf } from '../access/dispatcher.js';
import { notFound, HttpError, tooMany } from '../access/http-error.js';
import type { AdminRoute, HttpExchange } from '../access/route.js';
import type { CollectedAnswer, MethodsAnswer } from '../answers/calling.js';
import { bufCurl } from './buf-curl.js';
import { readCallRequest, readMessages, type AskedCall } from './call-request.js';
import { CallSession } from './call-session.js';
import { CollectedCall, type CollectLimits } from './collected-call.js';
import { methodsAnswer } from './methods-answer.js';
import { checkCall, type CheckedCall } from './check-call.js';
import { ProtoJson } from './proto-json.js';

/** The collaborators of the calling routes. */
export interface CallMakingParts {
  readonly clock: Clock;
  readonly server: KunGrpcServer;
  readonly tls: boolean;
  readonly reflection: boolean;
  /** The largest message; a body may be twice as long, since JSON is longer. */
  readonly maxMessageBytes: number;
}

const MAX_OPEN = 16;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Calls this service's methods from the admin port. */
export class Calling {
  private readonly open = new Map<string, CallSession>();
  private readonly collected = new Set<CollectedCall>();
  private readonly protos: ProtoJson;
  private readonly maxBodyBytes: number;

  constructor(private readonly parts: CallMakingParts) {
    this.protos = new ProtoJson(parts.server.schemas);
    this.maxBodyBytes = Math.min(2 * parts.maxMessageBytes + 64 * 1024, MAX_BODY_BYTES);
  }

  /** The answer of `/methods`. */
  shapes(): Promise<MethodsAnswer> {
    const { server, tls, reflection } = this.parts;
    const services = [...server.services.keys()];
    return methodsAnswer({ services, schemas: server.schemas, tls, reflection, protos: this.protos });
  }

  /** `/methods` and `/call`. */
  get routes(): AdminRoute[] {
    const on = (act: (session: CallSession, exchange: HttpExchange) => Promise<void> | void) => ({
      needs: 'token' as const,
      handle: async (exchange: HttpExchange) => {
        await act(this.session(exchange.id), exchange);
        exchange.response.writeHead(204).end();
        return undefined;
      },
    });
    return [
      { method: 'GET', path: '/methods', needs: 'reading', handle: () => this.shapes() },
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

  /** Cancels the calls in progress. */
  stop(): void {
    for (const call of [...this.open.values(), ...this.collected]) call.cancel();
  }

  private session(id: string): CallSession {
    const session = this.open.get(id);
    if (!session) throw notFound('there is no such call under way: it has ended, or its time was up');
    return session;
  }

  /**
   * Makes a call and returns its result when it is over; `signal` cancels it.
   *
   * @throws {HttpError} for what cannot be called.
   */
  async collect(
    asked: AskedCall,
    { peer, signal, ...limits }: CollectLimits & { readonly peer: string; readonly signal: AbortSignal },
  ): Promise<CollectedAnswer> {
    const prepared = await checkCall(asked, this.protos, this.parts.clock);
    const collected = new CollectedCall(peer, prepared, limits);
    const call = this.callOf(prepared, collected);
    const cancel = () => collected.cancel();
    this.collected.add(collected);
    signal.addEventListener('abort', cancel);
    try {
      collected.begin(call);
      if (signal.aborted) cancel();
      return await collected.answer;
    } finally {
      this.collected.delete(collected);
      signal.removeEventListener('abort', cancel);
    }
  }

  /** @throws {HttpError} when it cannot be called; the outcome of the call itself is written as its end. */
  private async make(exchange: HttpExchange): Promise<void> {
    const asked = readCallRequest(await exchange.body(this.maxBodyBytes));
    const prepared = await checkCall(asked, this.protos, this.parts.clock);
    const { rpc, messages, requestId, deadline } = prepared;
    const { request, response } = exchange;
    const session = new CallSession({ ...prepared, peer: peerOf(request.socket), response });
    const call = this.callOf(prepared, session);
    const id = randomUUID();
    this.open.set(id, session);
    response.once('close', () => this.open.delete(id));
    const { tls, reflection } = this.parts;
    session.begin(call, {
      type: 'open',
      id,
      method: rpc.path,
      kind: rpc.kind,
      requestId,
      deadline,
      bufCurl: bufCurl({ ...asked, messages, tls, reflection }),
    });
    call.start();
    session.send(messages);
    if (!asked.open) session.halfClose();
  }

  /** @throws {HttpError} when too many are in progress, or the gRPC port is not open. */
  private callOf({ rpc }: CheckedCall, caller: LocalCallListener): LocalCall {
    if (this.open.size + this.collected.size >= MAX_OPEN)
      throw tooMany(`${MAX_OPEN} calls are under way, as many as may be; end one`);
    const call = this.parts.server.callLocally(rpc.path, caller);
    if (call) return call;
    throw new HttpError(503, 'the gRPC port is not open: the service starts or stops', {
      'Retry-After': '5',
    });
  }
}
