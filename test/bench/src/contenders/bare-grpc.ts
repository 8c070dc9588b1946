import { once } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { contend, versionsOf } from '../contender-process.js';
import { credentialsOf } from '../grpc-js-credentials.js';
import { LOADER_OPTIONS, PROTO_PATH, SERVICE } from '../echo-proto.js';
import { INSTANCE } from '../scenarios.js';

interface EchoRequest {
  readonly message: string;
}

interface WatchRequest {
  readonly count: number;
}

/** grpc-js as its own guide uses it, with its defaults. */
contend(async ({ tls }) => {
  const definition = loadSync(PROTO_PATH, LOADER_OPTIONS)[SERVICE] as grpc.ServiceDefinition;
  const server = new grpc.Server();
  server.addService(definition, {
    echo({ request }: grpc.ServerUnaryCall<EchoRequest, object>, callback: grpc.sendUnaryData<object>): void {
      callback(null, { message: request.message, instance: INSTANCE });
    },
    watch(call: grpc.ServerWritableStream<WatchRequest, object>): void {
      void writeEvents(call);
    },
    collect: refuse,
    chat(call: grpc.ServerDuplexStream<EchoRequest, object>): void {
      call.on('data', ({ message }: EchoRequest) => call.write({ message, instance: INSTANCE }));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentialsOf(tls), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    packages: versionsOf(import.meta.url, ['@grpc/grpc-js', '@grpc/proto-loader']),
    async stop() {
      server.forceShutdown();
    },
  };
});

async function writeEvents(call: grpc.ServerWritableStream<WatchRequest, object>): Promise<void> {
  for (let seq = 1; seq <= call.request.count; seq++) {
    if (!call.write({ seq: String(seq), message: 'event' })) await once(call, 'drain');
  }
  call.end();
}

function refuse(): never {
  throw new Error('the bench makes no such call');
}
