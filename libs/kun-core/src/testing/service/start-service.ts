import type { DynamicModule, Type } from '@nestjs/common';
import type { KunApplication } from '../../app/application.js';
import { KunFactory } from '../../app/factory.js';
import type { KunRuntime } from '../../wiring/options.js';
import { KunTestingModule, testRuntime, type TestRuntime } from './kun-testing.module.js';
import { compileWith, type Replacement } from './replacements.js';
import {
  inProcessService,
  runningService,
  type InProcessService,
  type TestService,
} from './running-service.js';
import { applicationOf, isCompiled, TestServiceError, type CompiledModule } from './testing-application.js';

/** Options of {@link startInProcess}. */
export interface InProcessOptions extends Omit<TestRuntime, 'ports'> {
  /** Receives the application before it starts, for `app.useGlobalPipes(...)` and the like. */
  readonly prepare?: (app: KunApplication) => Promise<void> | void;
  /**
   * Replaces providers, as in `{ provide: Database, useValue: fake }`, or an upstream, with `{ provide:
   * clientToken('stock'), useValue: fake }`. Requires the package `@nestjs/testing`. Default: none
   */
  readonly replace?: readonly Replacement[];
}

/** Options of {@link startTestService}. */
export interface TestServiceOptions extends InProcessOptions {
  /** Default: any free ports, and none for HTTP. */
  readonly ports?: Exclude<KunRuntime['ports'], 'none'>;
}

/** The root module of a service, or a module compiled by Nest's `Test.createTestingModule`. */
export type TestRoot = Type | DynamicModule | CompiledModule;

/**
 * Starts a service on free loopback ports, from its root module, or from a module that Nest's
 * `Test.createTestingModule` compiled with {@link KunTestingModule}.
 *
 * ```ts
 * const service = await startTestService(AppModule);
 * const echo = service.client<EchoServiceClient>('kun.echo.v1.EchoService');
 * ```
 *
 * @throws {TestServiceError} when a replacement replaces nothing, or options come too late for a compiled module.
 * @throws {Error} when the start fails: `StartError`, `ConfigError` and the like.
 */
export async function startTestService(
  root: TestRoot,
  options: TestServiceOptions = {},
): Promise<TestService> {
  const app = await started(root, options);
  if (app.ports.grpc !== undefined) return runningService(app);
  await app.stop('no ports');
  throw new TestServiceError('the module was compiled without ports: startInProcess(module) starts it');
}

/**
 * Starts a service without ports: its clients pass messages within the process, through grpc-js, kun's whole chain and
 * Nest's pipeline. Everything that belongs to a connection is left out (HTTP/2, TLS, compression, keepalive, the wire's
 * limits), and so is the admin port. Time comes from `clock` alone, so that a fake clock controls deadlines.
 *
 * ```ts
 * const clock = new FakeClock();
 * const service = await startInProcess(AppModule, { clock });
 * ```
 *
 * @throws {Error} when {@link startTestService} does.
 */
export async function startInProcess(
  root: TestRoot,
  options: InProcessOptions = {},
): Promise<InProcessService> {
  const app = await started(root, isCompiled(root) ? options : { ...options, ports: 'none' });
  if (app.ports.grpc === undefined) return inProcessService(app);
  await app.stop('ports');
  throw new TestServiceError(
    "the module was compiled with ports: KunTestingModule.for(AppModule, { ports: 'none' }) makes one without",
  );
}

type Options = InProcessOptions & Pick<TestRuntime, 'ports'>;

async function started(root: TestRoot, { prepare, ...options }: Options): Promise<KunApplication> {
  const app = await (isCompiled(root) ? compiledApplication(root, options) : newApplication(root, options));
  await prepare?.(app);
  await app.start();
  return app;
}

async function newApplication(
  root: Type | DynamicModule,
  { replace = [], ...runtime }: Options,
): Promise<KunApplication> {
  if (replace.length === 0) return KunFactory.create(root, testRuntime(runtime));
  return applicationOf(await compileWith(KunTestingModule.for(root, runtime), replace));
}

async function compiledApplication(module: CompiledModule, tooLate: Options): Promise<KunApplication> {
  const [name] = Object.keys(tooLate);
  if (name === undefined) return applicationOf(module);
  throw new TestServiceError(
    `${name} comes too late for a module that is compiled: ${
      name === 'replace' ? 'use overrideProvider' : `KunTestingModule.for(AppModule, { ${name} }) takes it`
    }`,
  );
}
