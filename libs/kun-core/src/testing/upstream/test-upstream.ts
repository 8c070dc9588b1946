import { status as Code } from '@grpc/grpc-js';
import { systemClock, type Clock } from '../../clock.js';
import { contextInterceptor } from '../../interceptors/context.js';
import { recoveryInterceptor } from '../../interceptors/recovery.js';
import { Readiness } from '../../lifecycle/readiness.js';
import type { ProtoSource } from '../../proto/files/proto-source.js';
import { loadProtos } from '../../proto/load-protos.js';
import { KunGrpcServer } from '../../server/port/grpc-server.js';
import { StatusError } from '../../status/status-error.js';
import { toStatusError } from '../../status/thrown/to-status-error.js';
import { CallRecorder } from '../service/call-recorder.js';
import { TestServiceError } from '../service/testing-application.js';
import { BreakablePort } from './breakable-port.js';
import { CallFaults, type FaultScope } from './call-faults.js';
import { handlersOf, type TestHandlers } from './test-handlers.js';

/** Options of {@link startTestUpstream}. */
export interface TestUpstreamOptions<Handlers extends TestHandlers> extends ProtoSource {
  /** The service, with or without its package; required if the protos have several. */
  readonly service?: string;
  /** Its handlers by method name, in lower camel case; other methods answer UNIMPLEMENTED. Default: none */
  readonly handlers?: Handlers;
  /** The directory that relative paths refer to. Default: the working directory */
  readonly base?: string;
  /** The clock for delays. Default: the system's */
  readonly clock?: Clock;
}

/** The drain limits of an upstream whose test is over. */
const LIMITS = { streamGraceMs: 0, timeoutMs: 0 };

/**
 * An upstream of the service under test that fails on demand: real gRPC on a loopback port, which stays the same while
 * it refuses connections.
 */
export class TestUpstream {
  /** `127.0.0.1:port`, for `Upstreams.<name>.Target`. */
  readonly address: string;

  private constructor(
    private readonly server: KunGrpcServer,
    private readonly door: BreakablePort,
    private readonly faults: CallFaults,
    /** The calls that reached it, including those that it failed. */
    readonly calls: CallRecorder,
  ) {
    this.address = `127.0.0.1:${door.port}`;
  }

  /** @internal */
  static async start<Handlers extends TestHandlers>(
    options: TestUpstreamOptions<Handlers>,
  ): Promise<TestUpstream> {
    const { base = process.cwd(), handlers = {}, clock = systemClock } = options;
    const { services, schemas } = loadProtos([options], base);
    const name = serviceNamed(options.service, [...services.keys()]);
    const definition = services.get(name) ?? {};
    const [faults, calls] = [new CallFaults(clock), new CallRecorder()];
    const server = new KunGrpcServer({
      services: new Map([[name, definition]]),
      schemas,
      readiness: new Readiness(),
      clock,
      draining: new AbortController().signal,
      settings: {
        maxMessageBytes: 4 * 1024 * 1024,
        keepaliveEnabled: true,
        maxConnectionAgeMs: undefined,
        reflectionEnabled: false,
      },
      interceptors: () => [
        contextInterceptor(),
        (next) => calls.intercept(next),
        (next) => faults.intercept(next),
        recoveryInterceptor({ toStatusError }),
      ],
      toStatusError,
      onLateError: () => {},
    });
    const address = { port: 0, host: '127.0.0.1', key: 'the upstream of the test' };
    const port = await server.start(handlersOf(name, definition, handlers), address);
    return new TestUpstream(server, await BreakablePort.open(port), faults, calls);
  }

  /** Makes calls end with this status from now on: a code, or an error with a message and details of its own. */
  failWith(error: Code | StatusError, scope: FaultScope = {}): void {
    const failure =
      typeof error === 'number' ? new StatusError(error, 'failed on request of the test') : error;
    this.faults.failWith(failure, scope);
  }

  /** Delays the responses to calls by this many milliseconds. */
  delayBy(delayMs: number, scope: FaultScope = {}): void {
    this.faults.delayBy(delayMs, scope);
  }

  /** Lets calls arrive, and never answers them. */
  neverAnswer(scope: FaultScope = {}): void {
    this.faults.neverAnswer(scope);
  }

  /** Lets calls arrive, and resets their connection with all calls on it. */
  resetConnections(scope: FaultScope = {}): void {
    this.faults.instead(() => this.door.reset(), scope);
  }

  /** Stops passing bytes on, like a network that drops packets: neither side notices. */
  goSilent(): void {
    this.door.silence();
  }

  /** Ends all connections and refuses new ones, like a process that has stopped. */
  refuseConnections(): Promise<void> {
    return this.door.refuse();
  }

  /** Ends all faults. */
  async heal(): Promise<void> {
    this.faults.heal();
    await this.door.heal();
  }

  /** Closes the upstream and all its connections. */
  async close(): Promise<void> {
    await this.door.close();
    await this.server.drain({ ...LIMITS, force: AbortSignal.abort() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Starts an upstream for a test.
 *
 * ```ts
 * await using stock = await startTestUpstream({ path: 'proto/stock.proto', handlers: { reserve: () => ({ left: 6 }) } });
 * const overrides = { Upstreams: { stock: { Target: stock.address } } };
 * await using service = await startTestService(AppModule, { overrides });
 * stock.failWith(StatusCode.UNAVAILABLE, { times: 2 });
 * ```
 *
 * @throws {ProtoError} when its proto cannot be read.
 * @throws {TestServiceError} when the service is not in the proto, or a handler has no method.
 */
export function startTestUpstream<Handlers extends TestHandlers>(
  options: TestUpstreamOptions<Handlers>,
): Promise<TestUpstream> {
  return TestUpstream.start(options);
}

function serviceNamed(wanted: string | undefined, known: readonly string[]): string {
  const found = known.filter(
    (name) => wanted === undefined || name === wanted || name.endsWith(`.${wanted}`),
  );
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw new TestServiceError(
    `${wanted === undefined ? 'say which service' : `service ${wanted}`}: the proto has ${known.join(', ')}`,
  );
}
