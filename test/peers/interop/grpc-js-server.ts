import {
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  ECHO_INITIAL,
  ECHO_TRAILING,
  payloadOf,
  type Answer,
  type InputRequest,
  type OutputRequest,
  type SimpleRequest,
} from './messages.js';

/** What the official cases expect of a server, on bare grpc-js. */
export async function startGrpcJsServer(): Promise<{ readonly address: string; close(): void }> {
  const loaded = loadPackageDefinition(
    loadSync(`${import.meta.dirname}/interop.proto`, { keepCase: true, defaults: true, enums: String }),
  );
  const { TestService } = (loaded['grpc'] as unknown as { testing: Record<string, ServiceClientConstructor> })
    .testing;
  const server = new Server();
  if (!TestService) throw new Error('interop.proto has no TestService');
  server.addService(TestService.service, {
    EmptyCall: (_call: unknown, answer: sendUnaryData<object>) => answer(null, {}),
    UnaryCall(call: ServerUnaryCall<SimpleRequest, Answer>, answer: sendUnaryData<Answer>) {
      const { request, metadata } = call;
      call.sendMetadata(headersOf(metadata));
      answer(
        request.response_status
          ? { ...statusOf(request.response_status), metadata: trailersOf(metadata) }
          : null,
        { payload: payloadOf(request.response_size ?? 0) },
        trailersOf(metadata),
      );
    },
    StreamingOutputCall(call: ServerWritableStream<OutputRequest, Answer>) {
      for (const { size } of call.request.response_parameters ?? []) call.write({ payload: payloadOf(size) });
      call.end();
    },
    StreamingInputCall(call: ServerReadableStream<InputRequest, object>, answer: sendUnaryData<object>) {
      let size = 0;
      call.on('data', ({ payload }: InputRequest) => (size += payload.body.length));
      call.on('end', () => answer(null, { aggregated_payload_size: size }));
    },
    FullDuplexCall(call: ServerDuplexStream<OutputRequest, Answer>) {
      call.sendMetadata(headersOf(call.metadata));
      call.on('data', ({ response_parameters: sizes = [], response_status: failure }: OutputRequest) => {
        if (failure) call.emit('error', statusOf(failure));
        else for (const { size } of sizes) call.write({ payload: payloadOf(size) });
      });
      call.on('end', () => call.end(trailersOf(call.metadata)));
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

function statusOf({ code, message }: { code: number; message: string }) {
  return { code, details: message, name: 'status', message };
}

function headersOf(metadata: Metadata): Metadata {
  return only(metadata, ECHO_INITIAL);
}

function trailersOf(metadata: Metadata): Metadata {
  return only(metadata, ECHO_TRAILING);
}

function only(metadata: Metadata, name: string): Metadata {
  const kept = new Metadata();
  for (const value of metadata.get(name)) kept.set(name, value);
  return kept;
}
