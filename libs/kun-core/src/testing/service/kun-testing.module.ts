import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { KunRootModule } from '../../app/root.module.js';
import { Entrance } from '../../wiring/entrance.js';
import type { KunRuntime } from '../../wiring/options.js';
import { LogRecorder } from '../log-recorder.js';
import { CallRecorder } from './call-recorder.js';

/** What a test can set of a service's environment; signals and the process never belong to the service. */
export type TestRuntime = Omit<KunRuntime, 'processEvents'>;

/**
 * A service for Nest's own `Test.createTestingModule`, which can replace its providers:
 *
 * ```ts
 * const module = await Test.createTestingModule({ imports: [KunTestingModule.for(AppModule)] })
 *   .overrideProvider(Database)
 *   .useValue(fake)
 *   .compile();
 * module.get(GreeterController).greet({ name: 'Ada' }); // without a port
 * const service = await startTestService(module); // with ports; or startInProcess(module)
 * ```
 *
 * Close the module, or the service, at the end of the test.
 */
@Module({})
export class KunTestingModule {
  /**
   * @param root The module that imports `KunModule.forRoot(...)`.
   * @param runtime Default: free ports, and log lines recorded by a {@link LogRecorder}.
   */
  static for(root: Type | DynamicModule, runtime: TestRuntime = {}): DynamicModule {
    return {
      module: KunTestingModule,
      imports: [KunRootModule.for(root, testRuntime(runtime), new Entrance())],
    };
  }
}

/** The environment of a service in a test, including what the test sets. */
export function testRuntime(runtime: TestRuntime): KunRuntime {
  return {
    logDestination: new LogRecorder(),
    ...runtime,
    // Chosen for a whole test run, also for services whose environment is given.
    ...(runtime.env && { env: { ...engineOfRun(), ...runtime.env } }),
    processEvents: false,
    interceptors: [new CallRecorder(), ...(runtime.interceptors ?? [])],
    ports: runtime.ports === 'none' ? 'none' : { grpc: 0, admin: 0, ...runtime.ports },
  };
}

/** The variable that chooses `GRPCServer.Engine`; setting it runs a suite on the other engine. */
const ENGINE = 'KUN_CONF__GRPCSERVER__ENGINE';

function engineOfRun(): Record<string, string> {
  const engine = process.env[ENGINE];
  return engine === undefined ? {} : { [ENGINE]: engine };
}
