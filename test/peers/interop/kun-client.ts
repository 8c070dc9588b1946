import type { Metadata } from '@grpc/grpc-js';
import { KunClientModule, clientToken, type Interceptor } from '@kun/core';
import { startTestService } from '@kun/core/testing';
import { kindsController } from '../../e2e/kinds-controller.js';
import { kindsModule } from '../../fixtures/kinds.module.js';
import type { TestServiceClient } from './messages.js';

/** The clients of a kun service, and what the last call brought besides its messages. */
export interface KunClients {
  readonly client: TestServiceClient;
  readonly lackingMethod: { unimplementedCall(request: object): Promise<object> };
  readonly lackingService: { unimplementedCall(request: object): Promise<object> };
  readonly last: { readonly headers: Metadata; readonly trailers: Metadata };
  close(): Promise<unknown>;
}

export async function startKunClient(target: string): Promise<KunClients> {
  let last: KunClients['last'] | undefined;
  const watch: Interceptor = (next) => (call) => {
    call.onEnd(() => (last = { headers: call.responseMetadata, trailers: call.responseTrailers }));
    return next(call);
  };
  const upstream = (name: string, service: string, file: string) => ({
    name,
    service,
    target,
    package: 'grpc.testing',
    path: `${import.meta.dirname}/${file}`,
    interceptors: [watch],
  });
  const clients = KunClientModule.register([
    upstream('interop', 'TestService', 'interop.proto'),
    upstream('lacking-method', 'TestService', 'unimplemented.proto'),
    upstream('lacking-service', 'UnimplementedService', 'unimplemented.proto'),
  ]);
  const service = await startTestService(
    kindsModule({ controllers: [kindsController({})], imports: [clients] }),
    // Starts when the server is there.
    { overrides: { GRPCDial: { Block: true, Timeout: 30 } } },
  );
  const clientOf = <T>(name: string) => service.app.get<T>(clientToken(name));
  return {
    client: clientOf('interop'),
    lackingMethod: clientOf('lacking-method'),
    lackingService: clientOf('lacking-service'),
    get last() {
      if (!last) throw new Error('no call has ended');
      return last;
    },
    close: () => service.close(),
  };
}
