import type { MessageHandler } from '@nestjs/microservices';
import type { Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import type { Liveness } from '../../lifecycle/liveness.js';
import type { Readiness } from '../../lifecycle/readiness.js';
import type { Startup } from '../../lifecycle/startup.js';
import type { DescribedSchema } from '../../proto/files/described-schema.js';
import type { LoadedProtos } from '../../proto/load-protos.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import { runInCall } from '../../rpc/current-call.js';
import { compose, type Interceptor } from '../../rpc/interceptor.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import type { StatusError } from '../../status/status-error.js';
import type { ServerTlsOptions } from '../../tls/server-tls.js';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';
import type { OnLeftOut } from '../../transport/outgoing-metadata.js';
import { answerCall } from '../answer/answer.js';
import { bindService, type ServiceImplementation } from '../answer/bind-service.js';
import { bindHandlers, type HandlerPlace } from '../answer/nest/handler-coverage.js';
import type { BoundMethod } from '../call/bound-method.js';
import type { CallEnvironment } from '../call/call-environment.js';
import { checkMethods, type CheckedRequests } from '../answer/checked-method.js';
import { OpenCalls } from '../../rpc/open-calls.js';
import { ServerCall } from '../call/server-call.js';
import type { WireEngine, WireEngineOptions } from '../call/wire-engine.js';
import { readOpenFileLimit } from '../../transport/open-files.js';
import type { NearLimit } from './connection-quota.js';
import { drain, NO_LISTENER, type DrainedListener, type DrainLimits, type DrainReport } from './drain.js';
import { serveHealth } from './health.js';
import { KunEngine } from './kun/kun-engine.js';
import { Listener, type ListenAddress, type ListenerOptions } from './listener.js';
import { LocalCall, type LocalCallListener } from './local-call.js';
import { serveReflection } from './reflection.js';

/** Options of {@link KunGrpcServer}. */
export interface GrpcServerOptions extends LoadedProtos, CheckedRequests {
  /** Services written for grpc-js; resolved once all providers exist. Default: none */
  readonly ownServices?: (() => readonly ServiceImplementation[]) | undefined;
  readonly readiness: Readiness;
  /** Sources for grpc.health.v1 on `liveness` and `startup`. Default: unknown services */
  readonly liveness?: Liveness | undefined;
  readonly startup?: Startup | undefined;
  readonly clock: Clock;
  readonly draining: AbortSignal;
  readonly settings: WireEngineOptions['settings'] & {
    readonly reflectionEnabled: boolean;
    /** The engine that speaks gRPC on the connections. Default `kun` */
    readonly engine?: 'kun' | 'grpc-js' | undefined;
    /** Default: limited only by open files. */
    readonly maxConnections?: number | undefined;
  };
  readonly channelOptions?: GrpcChannelOptions | undefined;
  /** TLS and client certificates. Default: plaintext */
  readonly tls?: ServerTlsOptions | undefined;
  /** Called for each connection that was lost before a call could be made on it. Default: none */
  readonly onRefusedConnection?: ListenerOptions['onRefused'];
  /** Called for each new connection while a connection limit is nearly reached. Default: none */
  readonly onNearLimit?: ((near: NearLimit) => void) | undefined;
  /** Called when the wire refused something. Default: none */
  readonly onWireRefusal?: WireEngineOptions['onWireRefusal'];
  /** Outermost first; called once the methods are known. */
  readonly interceptors: (methods: readonly RpcMethod[]) => readonly Interceptor[];
  /** Converts an error that escaped all interceptors to a status. */
  readonly toStatusError: (error: unknown) => StatusError;
  /** Called with what a handler threw when the caller could no longer be answered. */
  readonly onLateError: (call: RpcCall, error: unknown) => void;
  /** Called with metadata that cannot be sent and is dropped. Default: none */
  readonly onLeftOut?: OnLeftOut | undefined;
  /** Called with the error when reflection cannot describe the protos. */
  readonly onReflectionError?: ((error: unknown) => void) | undefined;
}

/** The gRPC server: binds handlers, listens, and drains. */
export class KunGrpcServer {
  readonly openCalls = new OpenCalls<ServerCall>();
  private readonly environment: CallEnvironment<ServerCall>;
  private engine: WireEngine | undefined;
  private listener: DrainedListener | undefined;
  private health: Subscription | undefined;
  private makeLocal: ((path: string, caller: LocalCallListener) => LocalCall | undefined) | undefined;
  /** The calls that were open when the shutdown was announced: a stream may end before the drain begins. */
  private openWhenTold: ReadonlySet<ServerCall> = new Set();

  constructor(private readonly options: GrpcServerOptions) {
    const { clock, draining, onLateError, onLeftOut = () => {} } = options;
    this.environment = { clock, draining, onLateError, onLeftOut, openCalls: this.openCalls };
    draining.addEventListener('abort', () => (this.openWhenTold = new Set(this.openCalls)), { once: true });
  }

  /** The services served, by full name. */
  get services(): ReadonlyMap<string, ServiceDefinition> {
    return this.options.services;
  }

  /** The definitions of the services. */
  get schemas(): readonly DescribedSchema[] {
    return this.options.schemas;
  }

  /**
   * Makes an in-process call through the same chain and handlers as calls on the port; it begins with its `start()`.
   * Returns `undefined` while the port is not open, and for an unknown method.
   */
  callLocally(path: string, caller: LocalCallListener): LocalCall | undefined {
    return this.makeLocal?.(path, caller);
  }

  /**
   * Adds every service before the port opens, so that no caller ever sees UNIMPLEMENTED for a method that exists.
   * Returns the port. `places` says where each handler is defined, for messages.
   *
   * @throws {HandlerCoverageError} when RPCs and handlers do not match.
   * @throws {GrpcJsServiceError} when a service written for grpc-js cannot be served.
   * @throws {PortError} when the port cannot be opened.
   */
  async start(
    handlers: ReadonlyMap<string, MessageHandler>,
    address: ListenAddress,
    places?: ReadonlyMap<string, HandlerPlace>,
  ): Promise<number> {
    const { settings } = this.options;
    const { methods, run } = this.bind(handlers, places);
    this.engine = await this.openEngine(methods, run);
    try {
      const listener = new Listener(this.engine, {
        tls: this.options.tls,
        keepalive: settings.keepaliveEnabled,
        setupTimeoutMs: settings.connectionTimeoutMs,
        limit: { maxConnections: settings.maxConnections, openFiles: readOpenFileLimit() },
        onRefused: this.options.onRefusedConnection,
        onNearLimit: this.options.onNearLimit,
      });
      this.listener = listener;
      return await listener.listen(address);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /**
   * Like `start`, without a port: calls are made through {@link callLocally}.
   *
   * @throws {HandlerCoverageError | GrpcJsServiceError} when `start` does.
   */
  startWithoutPort(
    handlers: ReadonlyMap<string, MessageHandler>,
    places?: ReadonlyMap<string, HandlerPlace>,
  ): void {
    this.bind(handlers, places);
    this.listener = NO_LISTENER;
  }

  /** The number of open connections. */
  get connectionCount(): number {
    return this.listener?.connectionCount ?? 0;
  }

  /** Lets calls in flight finish, within the limits, and closes everything. */
  async drain(limits: DrainLimits): Promise<DrainReport> {
    if (!this.listener) return { drained: 0, ended: 0, forced: [] };
    const { openCalls, listener, openWhenTold } = this;
    const report = await drain(openCalls, listener, this.options.clock, { ...limits, openWhenTold });
    this.openWhenTold = new Set();
    this.release();
    return report;
  }

  private bind(
    handlers: ReadonlyMap<string, MessageHandler>,
    places: ReadonlyMap<string, HandlerPlace> | undefined,
  ) {
    const { services, schemas, settings } = this.options;
    const own = this.options.ownServices?.() ?? [];
    const ownPaths = own.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path));
    const methods = bindHandlers(services, handlers, places, new Set(ownPaths));
    checkMethods(methods, this.options.checks);
    const serve = (service: ServiceImplementation) => bindService(methods, service);
    own.forEach(serve);
    const bound = [...methods.values()].map(({ method }) => method);
    const run = this.runner(bound);
    const names = new Set([...services.keys(), ...bound.map(({ service }) => service)]);
    this.health = serveHealth(serve, names, this.options);
    if (settings.reflectionEnabled) {
      const { onReflectionError: onError = () => {} } = this.options;
      serveReflection(serve, { services: names, schemas, onError });
    }
    this.makeLocal = (path, caller) => this.local(methods.get(path), run, caller);
    return { methods, run };
  }

  private release(): void {
    this.makeLocal = undefined;
    this.health?.unsubscribe();
    this.engine?.release();
    this.options.tls?.certificates.stop();
    this.listener = undefined;
  }

  /** Composes the chain once; no failure in it leaves a call without a status. */
  private runner(methods: readonly RpcMethod[]): (call: ServerCall) => void {
    const chain = compose(this.options.interceptors(methods), answerCall);
    const answerAnyway = (call: ServerCall, error: unknown) => call.end(this.options.toStatusError(error));
    const run = (call: ServerCall) => {
      try {
        chain(call).catch((error: unknown) => answerAnyway(call, error));
      } catch (error) {
        answerAnyway(call, error);
      }
    };
    // The context that an AsyncLocalStorage restores is a new one for each call, and an open call would keep it.
    return (call) => runInCall(call, run, call);
  }

  private local(
    bound: BoundMethod | undefined,
    run: (call: ServerCall) => void,
    caller: LocalCallListener,
  ): LocalCall | undefined {
    if (!bound) return undefined;
    const { environment } = this;
    const { maxMessageBytes } = this.options.settings;
    const wire = new LocalCall(caller, { clock: environment.clock, maxMessageBytes });
    wire.call = new ServerCall(bound.method, wire, environment, bound);
    wire.run = run;
    return wire;
  }

  private async openEngine(
    methods: ReadonlyMap<string, BoundMethod>,
    run: (call: ServerCall) => void,
  ): Promise<WireEngine> {
    const { settings, channelOptions, onWireRefusal } = this.options;
    const { environment } = this;
    const onRefused = this.options.onRefusedConnection ?? (() => {});
    const options = { methods, environment, run, settings, channelOptions, onWireRefusal, onRefused };
    if (settings.engine !== 'grpc-js') return new KunEngine(options);
    // Loaded only when it is used.
    const { GrpcJsEngine } = await import('./grpc-js/grpc-js-engine.js');
    return new GrpcJsEngine(options);
  }
}
