import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { KunRootModule } from '../../app/root.module.js';
import { Entrance } from '../../wiring/entrance.js';
import type { KunRuntime } from '../../wiring/options.js';
import { LogRecorder } from '../log-recorder.js';
import { CallRecorder } from './call-recorder.js';

/** What a test decides of the surroundings; signals and the process are never the service's. */
export type TestRuntime = Omit<KunRuntime, 'processEvents'>;

/**
 * A service for Nest's own `Test.createTestingModule`, which then replaces what it likes:
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
   * @param runtime Default: free ports, and lines that go to a {@link LogRecorder}.
   */
  static for(root: Type | DynamicModule, runtime: TestRuntime = {}): DynamicModule {
    return {
      module: KunTestingModule,
      imports: [KunRootModule.for(root, testRuntime(runtime), new Entrance())],
    };
  }
}

/** The surroundings of a service within a test, with what the test says of them. */
export function testRuntime(runtime: TestRuntime): KunRuntime {
  return {
    logDestination: new LogRecorder(),
    ...runtime,
    // Chosen for a whole run of the tests, also for services whose environment is given.
    ...(runtime.env && { env: { ...engineOfRun(), ...runtime.env } }),
    processEvents: false,
    interceptors: [new CallRecorder(), ...(runtime.interceptors ?? [])],
    ports: runtime.ports === 'none' ? 'none' : { grpc: 0, admin: 0, ...runtime.ports },
  };
}

/** The variable that chooses `GRPCServer.Engine`: a suite is run on the other engine by setting it. */
const ENGINE = 'KUN_CONF__GRPCSERVER__ENGINE';

function engineOfRun(): Record<string, string> {
  const engine = process.env[ENGINE];
  return engine === undefined ? {} : { [ENGINE]: engine };
}
