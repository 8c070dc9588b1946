import { credentials, makeGenericClientConstructor, type ChannelOptions, type Client } from '@grpc/grpc-js';
import type { DynamicModule, Type } from '@nestjs/common';
import type { KunApplication } from '../app/application.js';
import { KunFactory } from '../app/factory.js';
import type { KunRuntime } from '../wiring/options.js';
import type { StopReport } from '../lifecycle/phase.js';
import { KunGrpcServer } from '../server/grpc-server.js';
import { LogRecorder } from './log-recorder.js';

/** A service that runs within the test. */
export interface TestService {
  readonly app: KunApplication;
  /** What it logs; nothing is written elsewhere. */
  readonly logs: LogRecorder;
  /** `127.0.0.1:port`. */
  readonly grpcAddress: string;
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly adminUrl: string;
  /** The service's own HTTP port, when asked for with `ports: { http: 0 }`. */
  readonly httpUrl: string | undefined;
  /**
   * A grpc-js client of one of its services (`kun.echo.v1.EchoService`), with one method for each RPC. It is closed with
   * the service. Transparent retries are off, so that a lost call shows.
   */
  client<T extends Client>(service: string, options?: ChannelOptions): T;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  /** Stops the service as a signal does, and returns the report; a second time does nothing. */
  close(): Promise<StopReport>;
}

/**
 * Starts a service on free ports of the loopback interface.
 *
 * ```ts
 * const service = await startTestService(AppModule);
 * const echo = service.client<EchoClient>('kun.echo.v1.EchoService');
 * ```
 *
 * `prepare` is given the application before it starts, as for `app.useGlobalPipes(...)`.
 *
 * @throws what the start throws: `StartError`, `ConfigError` and their like.
 */
export async function startTestService(
  root: Type | DynamicModule,
  runtime: KunRuntime = {},
  prepare?: (app: KunApplication) => Promise<void> | void,
): Promise<TestService> {
  const logs = new LogRecorder();
  const app = await KunFactory.create(root, {
    logDestination: logs,
    processEvents: false,
    ...runtime,
    ports: { grpc: 0, admin: 0, ...runtime.ports },
  });
  await prepare?.(app);
  await app.start();
  const { ports } = app;
  const grpcAddress = `127.0.0.1:${ports.grpc}`;
  const adminUrl = `http://127.0.0.1:${ports.admin}`;
  const clients: Client[] = [];
  return {
    app,
    logs,
    grpcAddress,
    adminUrl,
    httpUrl: ports.http === undefined ? undefined : `http://127.0.0.1:${ports.http}`,
    client<T extends Client>(service: string, options: ChannelOptions = {}): T {
      const definition = app.get(KunGrpcServer).services.get(service);
      if (!definition) throw new Error(`${service} is not served here`);
      const Constructor = makeGenericClientConstructor(definition, service);
      const client = new Constructor(grpcAddress, credentials.createInsecure(), {
        'grpc.enable_retries': 0,
        // Each client has a connection of its own: a test that breaks one must not break another.
        'grpc.use_local_subchannel_pool': 1,
        ...options,
      });
      clients.push(client);
      return client as unknown as T;
    },
    metrics: async () => (await fetch(`${adminUrl}/metrics`)).text(),
    async close() {
      for (const client of clients) client.close();
      return app.stop('test');
    },
  };
}
