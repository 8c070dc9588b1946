import { credentials, makeGenericClientConstructor, type ChannelOptions, type Client } from '@grpc/grpc-js';
import type { DynamicModule, Type } from '@nestjs/common';
import type { KunApplication } from '../app/application.js';
import { KunFactory } from '../app/factory.js';
import type { StopReport } from '../lifecycle/phase.js';
import { KunGrpcServer } from '../server/port/grpc-server.js';
import type { KunRuntime } from '../wiring/options.js';
import { KUN_RUNTIME } from '../wiring/tokens.js';
import { KunTestingModule, testRuntime, type TestRuntime } from './kun-testing.module.js';
import { LogRecorder } from './log-recorder.js';
import { compileWith, type Replacement } from './replacements.js';
import { applicationOf, isCompiled, TestServiceError, type CompiledModule } from './testing-application.js';
import { typedClient } from './typed-client.js';

/** Options of {@link startTestService}. */
export interface TestServiceOptions extends TestRuntime {
  /** Given the application before it starts, as for `app.useGlobalPipes(...)`. */
  readonly prepare?: (app: KunApplication) => Promise<void> | void;
  /**
   * Fakes in the place of providers, as `{ provide: Database, useValue: fake }`; of an upstream with
   * `{ provide: clientToken('stock'), useValue: fake }`. Needs the package `@nestjs/testing`. Default: none
   */
  readonly replace?: readonly Replacement[];
}

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
   * A client of one of its services (`kun.echo.v1.EchoService`), as `@InjectClient` injects it: promises and async
   * iterables, errors as `StatusError`; no retry, so that a lost call shows. It is closed with the service.
   */
  client<T extends object>(service: string): T;
  /** The same as a client of grpc-js, with callbacks and streams, for whatever lies below. */
  grpcClient<T extends Client>(service: string, options?: ChannelOptions): T;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  /** Stops the service as a signal does, and returns the report; a second time does nothing. */
  close(): Promise<StopReport>;
}

/**
 * Starts a service on free ports of the loopback interface: that of a root module, or one that Nest's
 * `Test.createTestingModule` compiled with {@link KunTestingModule} in it.
 *
 * ```ts
 * const service = await startTestService(AppModule);
 * const echo = service.client<EchoServiceClient>('kun.echo.v1.EchoService');
 * ```
 *
 * @throws {TestServiceError} when a replacement replaces nothing, or the options come too late for a compiled module.
 * @throws what the start throws: `StartError`, `ConfigError` and their like.
 */
export async function startTestService(
  root: Type | DynamicModule | CompiledModule,
  options: TestServiceOptions = {},
): Promise<TestService> {
  const { prepare, ...rest } = options;
  const app = await (isCompiled(root) ? compiledApplication(root, rest) : newApplication(root, rest));
  await prepare?.(app);
  await app.start();
  return runningService(app);
}

async function newApplication(
  root: Type | DynamicModule,
  { replace = [], ...runtime }: TestServiceOptions,
): Promise<KunApplication> {
  if (replace.length === 0) return KunFactory.create(root, testRuntime(runtime));
  return applicationOf(await compileWith(KunTestingModule.for(root, runtime), replace));
}

async function compiledApplication(
  module: CompiledModule,
  tooLate: TestServiceOptions,
): Promise<KunApplication> {
  const [name] = Object.keys(tooLate);
  if (name === undefined) return applicationOf(module);
  throw new TestServiceError(
    `${name} comes too late for a module that is compiled: ` +
      (name === 'replace' ? 'use overrideProvider' : `KunTestingModule.for(AppModule, { ${name} }) takes it`),
  );
}

function runningService(app: KunApplication): TestService {
  const { logDestination } = app.get<KunRuntime>(KUN_RUNTIME);
  const { ports } = app;
  const grpcAddress = `127.0.0.1:${ports.grpc}`;
  const adminUrl = `http://127.0.0.1:${ports.admin}`;
  const clients: Client[] = [];
  const definitionOf = (service: string) => {
    const { services } = app.get(KunGrpcServer);
    const definition = services.get(service);
    if (definition) return definition;
    throw new TestServiceError(`${service} is not served here; there are ${[...services.keys()].join(', ')}`);
  };
  const grpcClient = <T extends Client>(service: string, options: ChannelOptions = {}): T => {
    const Constructor = makeGenericClientConstructor(definitionOf(service), service);
    const client = new Constructor(grpcAddress, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      // Each client has a connection of its own: a test that breaks one must not break another.
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    });
    clients.push(client);
    return client as unknown as T;
  };
  return {
    app,
    logs: logDestination instanceof LogRecorder ? logDestination : new LogRecorder(),
    grpcAddress,
    adminUrl,
    httpUrl: ports.http === undefined ? undefined : `http://127.0.0.1:${ports.http}`,
    client: <T extends object>(service: string) =>
      typedClient(service, grpcClient(service), definitionOf(service)) as T,
    grpcClient,
    metrics: async () => (await fetch(`${adminUrl}/metrics`)).text(),
    async close() {
      for (const client of clients) client.close();
      return app.stop('test');
    },
  };
}
