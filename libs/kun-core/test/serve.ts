import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, makeGenericClientConstructor, type Client } from '@grpc/grpc-js';
import { GrpcMethodStreamingType, type MessageHandler } from '@nestjs/microservices';
import { systemClock } from '../src/clock.js';
import { contextInterceptor } from '../src/interceptors/context.js';
import { recoveryInterceptor } from '../src/interceptors/recovery.js';
import { Readiness } from '../src/lifecycle/readiness.js';
import type { Ending, RpcCall } from '../src/rpc/rpc-call.js';
import type { Interceptor } from '../src/rpc/interceptor.js';
import { toStatusError } from '../src/status/thrown/to-status-error.js';
import { KunGrpcServer } from '../src/server/port/grpc-server.js';
import type { LeftOutMetadata } from '../src/transport/outgoing-metadata.js';
import { loadProtos, type LoadedProtos } from '../src/proto/load-protos.js';

/** A service of all four kinds, and one whose response has no field. */
export const PROTO = `syntax = "proto3"; package t.v1;
service T {
  rpc Unary(M) returns (M); rpc Watch(M) returns (stream M);
  rpc Collect(stream M) returns (M); rpc Chat(stream M) returns (stream M);
  rpc Nothing(M) returns (Empty);
}
message M { string text = 1; uint32 n = 2; bytes data = 3; }
message Empty {}`;

export interface M {
  text: string;
  n: number;
}

export type Handlers = Partial<
  Record<'Unary' | 'Watch' | 'Collect' | 'Chat' | 'Nothing', (...args: never[]) => unknown>
>;

/** Loads {@link PROTO}. */
export function loadTestProtos(): LoadedProtos {
  const directory = mkdtempSync(join(tmpdir(), 'kun-proto-'));
  try {
    writeFileSync(join(directory, 't.proto'), PROTO);
    return loadProtos([{ package: 't.v1', path: 't.proto' }], directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What the tests of this run serve with, as a service's configuration would have it from the environment. */
export const ENGINE = process.env['KUN_CONF__GRPCSERVER__ENGINE'] === 'grpc-js' ? 'grpc-js' : 'kun';

/** A server of the handlers on a free port, with what it saw; `interceptors` go between recording and recovery. */
export async function serveHandlers(
  handlers: Handlers,
  interceptors: readonly Interceptor[] = [],
  settings: { keepaliveEnabled?: boolean; engine?: 'kun' | 'grpc-js' } = {},
) {
  const protos = loadTestProtos();
  const endings: Array<{ call: RpcCall; ending: Ending }> = [];
  const lateErrors: unknown[] = [];
  const leftOut: LeftOutMetadata[] = [];
  const recording: Interceptor = (next) => (call) => {
    call.onEnd((ending) => endings.push({ call, ending }));
    return next(call);
  };
  const draining = new AbortController();
  const force = new AbortController();
  const server = new KunGrpcServer({
    ...protos,
    readiness: new Readiness(),
    clock: systemClock,
    draining: draining.signal,
    settings: {
      maxMessageBytes: 1024 * 1024,
      keepaliveEnabled: true,
      maxConnectionAgeMs: undefined,
      reflectionEnabled: true,
      engine: ENGINE,
      ...settings,
    },
    interceptors: () => [
      contextInterceptor(),
      recording,
      ...interceptors,
      recoveryInterceptor({ toStatusError }),
    ],
    toStatusError,
    onLateError: (_call, error) => lateErrors.push(error),
    onLeftOut: (metadata) => leftOut.push(metadata),
  });
  const port = await server.start(nestHandlers(handlers), {
    port: 0,
    host: '127.0.0.1',
  });
  const clients: Client[] = [];
  return {
    server,
    port,
    endings,
    lateErrors,
    /** Metadata that was not sent. */
    leftOut,
    draining,
    force,
    /** A grpc-js client of the service, closed with the server. */
    connect<T extends Client>(): T {
      const definition = protos.services.get('t.v1.T');
      if (!definition) throw new Error('the proto has no service T');
      const Constructor = makeGenericClientConstructor(definition, 'T');
      const client = new Constructor(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.enable_retries': 0,
      });
      clients.push(client);
      return client as unknown as T;
    },
    drain: (streamGraceMs = 0, timeoutMs = 200) =>
      server.drain({ streamGraceMs, timeoutMs, force: force.signal }),
    async stop() {
      for (const client of clients) client.close();
      await server.drain({ streamGraceMs: 0, timeoutMs: 200, force: force.signal });
    },
  };
}

function nestHandlers(handlers: Handlers): Map<string, MessageHandler> {
  const map = new Map<string, MessageHandler>();
  const unimplemented = () => {
    throw new Error('not in this test');
  };
  for (const rpc of ['Unary', 'Watch', 'Collect', 'Chat', 'Nothing'] as const) {
    const handler = handlers[rpc] ?? unimplemented;
    const requestStream = rpc === 'Collect' || rpc === 'Chat';
    const streaming = requestStream
      ? GrpcMethodStreamingType.RX_STREAMING
      : GrpcMethodStreamingType.NO_STREAMING;
    // As Nest's pipeline does: always a promise.
    const piped = async (...args: never[]) => handler(...args);
    map.set(JSON.stringify({ service: 'T', rpc, streaming }), piped as unknown as MessageHandler);
  }
  return map;
}
