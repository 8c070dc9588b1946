import { Metadata, Server, type ServiceDefinition as GrpcJsServiceDefinition } from '@grpc/grpc-js';
import type { MessageHandler } from '@nestjs/microservices';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import type { Liveness } from '../../lifecycle/liveness.js';
import type { Readiness } from '../../lifecycle/readiness.js';
import type { Startup } from '../../lifecycle/startup.js';
import { compose, type CallHandler, type Interceptor } from '../../rpc/interceptor.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import { UNKNOWN_METHOD, type RpcMethod } from '../../rpc/rpc-method.js';
import type { StatusError } from '../../status/status-error.js';
import type { ProtoSchema } from '../../proto/files/parse-protos.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import type { ServerTlsOptions } from '../../tls/server-tls.js';
import type { OnLeftOut } from '../../transport/outgoing-metadata.js';
import { answer } from '../answer/answer.js';
import { bindHandlers } from '../answer/nest/handler-coverage.js';
import { OpenCalls } from '../call/open-calls.js';
import type { CallEnvironment } from '../call/call-environment.js';
import { ServerCall } from '../call/server-call.js';
import { callInterceptor } from './grpc-js/call-interceptor.js';
import { serverChannelOptions } from './grpc-js/channel-options.js';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';
import { drain, type DrainLimits, type DrainReport } from './drain.js';
import { GrpcListener, type GrpcListenerOptions, type ListenAddress } from './grpc-js/grpc-listener.js';
import { serveHealth } from './health.js';
import { serveReflection } from './reflection.js';
import { allowResets } from './grpc-js/reset-limit.js';
import { StreamEndings } from './grpc-js/stream-endings.js';

/** What a {@link KunGrpcServer} is made of. */
export interface GrpcServerOptions {
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  /** What the services are defined by, for reflection. */
  readonly schemas: readonly ProtoSchema[];
  readonly readiness: Readiness;
  /** What grpc.health.v1 answers for `liveness` and `startup`. Default: neither is known */
  readonly liveness?: Liveness | undefined;
  readonly startup?: Startup | undefined;
  readonly clock: Clock;
  readonly draining: AbortSignal;
  readonly settings: {
    readonly maxMessageBytes: number;
    readonly keepaliveEnabled: boolean;
    /** `undefined`: connections may grow old. */
    readonly maxConnectionAgeMs: number | undefined;
    /** How long a connection may take from its accept to HTTP/2. Default 20 000. */
    readonly connectionTimeoutMs?: number | undefined;
    readonly reflectionEnabled: boolean;
  };
  readonly channelOptions?: GrpcChannelOptions | undefined;
  /** Encrypts, and asks for callers' certificates. Default: plain text. */
  readonly tls?: ServerTlsOptions | undefined;
  /** Told of each connection closed before it came to HTTP/2. Default: nobody is. */
  readonly onRefusedConnection?: GrpcListenerOptions['onRefused'];
  /** Outermost first; made when the methods are known. */
  readonly interceptors: (methods: readonly RpcMethod[]) => readonly Interceptor[];
  /** Makes a status of what got past all interceptors. */
  readonly toStatusError: (error: unknown) => StatusError;
  /** Told what a handler threw when nobody could be answered any more. */
  readonly onLateError: (call: RpcCall, error: unknown) => void;
  /** Told of metadata that cannot be sent and is left out. Default: nobody is. */
  readonly onLeftOut?: OnLeftOut | undefined;
  /** Told why reflection can describe nothing. */
  readonly onReflectionError?: ((error: unknown) => void) | undefined;
}

/** The gRPC server: bind the handlers, listen, drain. */
export class KunGrpcServer {
  readonly openCalls = new OpenCalls<ServerCall>();
  private readonly environment: CallEnvironment<ServerCall>;
  private server: Server | undefined;
  private listener: GrpcListener | undefined;
  private endings: StreamEndings | undefined;
  private health: Subscription | undefined;

  constructor(private readonly options: GrpcServerOptions) {
    const { clock, draining, onLateError, onLeftOut = () => {} } = options;
    this.environment = { clock, draining, onLateError, onLeftOut, openCalls: this.openCalls };
  }

  /** The services served, by full name. */
  get services(): ReadonlyMap<string, ServiceDefinition> {
    return this.options.services;
  }

  /**
   * Adds every service before the port opens, so that no caller ever sees UNIMPLEMENTED for a method that is there.
   * Returns the port. `places` says where each handler is written, for messages.
   *
   * @throws {HandlerCoverageError} when RPCs and handlers do not match.
   * @throws {ListenError} when the port cannot be opened.
   */
  async start(
    handlers: ReadonlyMap<string, MessageHandler>,
    address: ListenAddress,
    places?: ReadonlyMap<string, string>,
  ): Promise<number> {
    const { services, schemas, settings, channelOptions } = this.options;
    const methods = bindHandlers(services, handlers, places);
    const run = this.runner([...methods.values()].map(({ method }) => method));
    const endings = new StreamEndings({
      now: () => this.options.clock.now(),
      owns: (stream) => this.listener?.owns(stream) ?? false,
      unanswered: (headers, stream) => this.unanswered(headers, stream, run),
    });
    const interceptor = callInterceptor({ methods, endings, environment: this.environment, run });
    const server = new Server({
      ...serverChannelOptions(settings, channelOptions),
      interceptors: [interceptor],
    });
    allowResets(server);
    for (const definition of services.values())
      server.addService(rawBytes(definition), neverCalled(definition));
    this.health = serveHealth(server, services.keys(), this.options);
    if (settings.reflectionEnabled) {
      const { onReflectionError: onError = () => {} } = this.options;
      serveReflection(server, { services: services.keys(), schemas, onError });
    }

    this.server = server;
    this.endings = endings;
    this.listener = new GrpcListener(server, {
      tls: this.options.tls,
      keepalive: settings.keepaliveEnabled ? {} : false,
      setupTimeoutMs: settings.connectionTimeoutMs,
      onRefused: this.options.onRefusedConnection,
    });
    endings.listen();
    try {
      return await this.listener.listen(address);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Lets calls in flight finish, within limits, and closes everything. */
  async drain(limits: DrainLimits): Promise<DrainReport> {
    if (!this.listener) return { drained: 0, ended: 0, forced: [] };
    const report = await drain(this.openCalls, this.listener, this.options.clock, limits);
    this.release();
    return report;
  }

  private release(): void {
    this.health?.unsubscribe();
    this.endings?.stop();
    this.server?.forceShutdown();
    this.options.tls?.certificates.stop();
    this.listener = undefined;
  }

  /** Composes the chain, once; nothing that goes wrong in it leaves a call without a status. */
  private runner(methods: readonly RpcMethod[]): (call: ServerCall) => void {
    const chain = compose(this.options.interceptors(methods), innermost);
    const answerAnyway = (call: ServerCall, error: unknown) => call.end(this.options.toStatusError(error));
    return (call) => {
      try {
        chain(call).catch((error: unknown) => answerAnyway(call, error));
      } catch (error) {
        answerAnyway(call, error);
      }
    };
  }

  private unanswered(
    headers: IncomingHttpHeaders,
    stream: ServerHttp2Stream,
    run: (call: ServerCall) => void,
  ): ServerCall {
    const call = new ServerCall(UNKNOWN_METHOD, undefined, this.environment);
    call.handlerDone();
    call.peerOfUnanswered = this.listener?.peerOf(stream);
    call.metadata = Metadata.fromHttp2Headers(headers);
    run(call);
    return call;
  }
}

const innermost: CallHandler = (call) => {
  const serverCall = call as ServerCall;
  const settled = serverCall.settled();
  if (serverCall.bound && !serverCall.ending) answer(serverCall, serverCall.bound);
  return settled;
};

/** kun turns bytes to messages itself: what does not parse or fit then goes through its own funnel. */
function rawBytes(definition: ServiceDefinition): GrpcJsServiceDefinition {
  const asTheyAre = (bytes: Buffer) => bytes;
  return Object.fromEntries(
    Object.entries(definition).map(([name, rpc]) => [
      name,
      { ...rpc, requestDeserialize: asTheyAre, responseSerialize: asTheyAre },
    ]),
  );
}

/** grpc-js wants a handler for each method; calls are answered before they get there. */
function neverCalled(definition: ServiceDefinition): Record<string, () => never> {
  const never = () => {
    throw new Error('calls are answered at the intercepting call');
  };
  return Object.fromEntries(Object.keys(definition).map((name) => [name, never]));
}
