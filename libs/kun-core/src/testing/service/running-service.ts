import { credentials, makeGenericClientConstructor, type ChannelOptions, type Client } from '@grpc/grpc-js';
import type { KunApplication } from '../../app/application.js';
import { systemClock } from '../../clock.js';
import type { StopReport } from '../../lifecycle/phase.js';
import { Meter } from '../../metrics/meter.js';
import { KunGrpcServer } from '../../server/port/grpc-server.js';
import type { KunRuntime } from '../../wiring/options.js';
import { clockOf, KUN_RUNTIME } from '../../wiring/tokens.js';
import { LogRecorder } from '../log-recorder.js';
import { CallRecorder } from './call-recorder.js';
import { InProcessChannel } from './in-process-channel.js';
import { TestServiceError } from './testing-application.js';
import { typedClient } from './typed-client.js';

/** A service that runs in the test's process, without a port. */
export interface InProcessService {
  readonly app: KunApplication;
  /** Its log lines; nothing is written elsewhere. */
  readonly logs: LogRecorder;
  /** Its incoming calls. */
  readonly calls: CallRecorder;
  /**
   * A client of one of its services (`kun.echo.v1.EchoService`), like the one that `@InjectClient` injects: promises
   * and async iterables, errors as `StatusError`; without retries, so that a lost call is noticed. It is closed with
   * the service.
   */
  client<T extends object>(service: string): T;
  /** The same as a grpc-js client, with callbacks and streams, for lower-level tests. */
  grpcClient<T extends Client>(service: string, options?: ChannelOptions): T;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  /** Resolves when no call is open and no handler is running any more. */
  idle(): Promise<void>;
  /** Starts a shutdown, as a signal does, without waiting; calls in flight have been drained when the report resolves. */
  beginStop(): StoppingService;
  /** Shuts the service down as a signal does, and returns the report; a second call has no effect. */
  close(): Promise<StopReport>;
}

/**
 * A service whose shutdown has started: not ready, `draining` has aborted, and calls in flight delay it within the
 * limits.
 */
export interface StoppingService {
  /** Resolves with the report when the shutdown is complete. */
  readonly report: Promise<StopReport>;
}

/** A service that runs in the test's process, on loopback ports. */
export interface TestService extends InProcessService {
  /** `127.0.0.1:port`. */
  readonly grpcAddress: string;
  /** `http://127.0.0.1:port`, without a trailing slash. */
  readonly adminUrl: string;
  /** The service's own HTTP port, if requested with `ports: { http: 0 }`. */
  readonly httpUrl: string | undefined;
}

/** The test's view of a started application without ports. */
export function inProcessService(app: KunApplication): InProcessService {
  const server = app.get(KunGrpcServer);
  const clock = clockOf(app.get<KunRuntime>(KUN_RUNTIME));
  const connect = () => ({
    address: 'in-process',
    options: { channelOverride: new InProcessChannel(server, clock) },
  });
  return serviceOf(app, connect, clock);
}

/** The test's view of a started application. */
export function runningService(app: KunApplication): TestService {
  const { ports } = app;
  const grpcAddress = `127.0.0.1:${ports.grpc}`;
  const connect = (options: ChannelOptions) => ({
    address: grpcAddress,
    options: {
      'grpc.enable_retries': 0,
      // Each client has a connection of its own: a test that breaks one must not break another.
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    },
  });
  return {
    // Below it, grpc-js uses the process's timers.
    ...serviceOf(app, connect, systemClock),
    grpcAddress,
    adminUrl: `http://127.0.0.1:${ports.admin}`,
    httpUrl: ports.http === undefined ? undefined : `http://127.0.0.1:${ports.http}`,
  };
}

type Connect = (options: ChannelOptions) => { readonly address: string; readonly options: object };

function serviceOf(app: KunApplication, connect: Connect, clock: typeof systemClock): InProcessService {
  const { logDestination, interceptors = [] } = app.get<KunRuntime>(KUN_RUNTIME);
  const recorder = interceptors.find((each) => each instanceof CallRecorder);
  const clients: Client[] = [];
  const definitionOf = (service: string) => {
    const { services } = app.get(KunGrpcServer);
    const definition = services.get(service);
    if (definition) return definition;
    throw new TestServiceError(`${service} is not served here; there are ${[...services.keys()].join(', ')}`);
  };
  const grpcClient = <T extends Client>(service: string, options: ChannelOptions = {}): T => {
    const Constructor = makeGenericClientConstructor(definitionOf(service), service);
    const to = connect(options);
    const client = new Constructor(to.address, credentials.createInsecure(), to.options);
    clients.push(client);
    return client as unknown as T;
  };
  return {
    app,
    logs: logDestination instanceof LogRecorder ? logDestination : new LogRecorder(),
    calls: recorder ?? new CallRecorder(),
    client: <T extends object>(service: string) =>
      typedClient(service, grpcClient(service), definitionOf(service), clock) as T,
    grpcClient,
    metrics: async () => (await app.get(Meter).expose()).body,
    idle: () => app.get(KunGrpcServer).openCalls.whenIdle(),
    beginStop: () => ({ report: app.stop('test') }),
    async close() {
      for (const client of clients) client.close();
      return app.stop('test');
    },
  };
}
