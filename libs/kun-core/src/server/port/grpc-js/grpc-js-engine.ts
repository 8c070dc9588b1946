import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Server, ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import { UNKNOWN_METHOD } from '../../../rpc/rpc-method.js';
import { ConnectionKeepalive } from '../../../transport/connection-keepalive.js';
import { peerAddress } from '../../../transport/peer-address.js';
import { ServerCall } from '../../call/server-call.js';
import {
  CONNECTION_SETUP_TIMEOUT_MS,
  type WireEngine,
  type WireEngineOptions,
} from '../../call/wire-engine.js';
import { allowResets, serverChannelOptions } from './channel-options.js';
import { ConnectionSetup } from './connection-setup.js';
import { closedCall, GrpcJsCall, InertCall } from './grpc-js-call.js';
import { StreamEndings } from './stream-endings.js';

/**
 * The engine that uses grpc-js on Node's HTTP/2.
 *
 * Calls are handled at grpc-js' intercepting call, where messages are read on demand and every status passes: no
 * surface object is built, and what is returned to grpc-js' own handler layer is inert.
 */
export class GrpcJsEngine implements WireEngine {
  private readonly owner = Symbol('kun.connection');
  private readonly server: Server;
  private readonly injector: ReturnType<Server['createConnectionInjector']>;
  private readonly endings: StreamEndings;
  private readonly setup: ConnectionSetup;
  private readonly keepalive: ConnectionKeepalive | undefined;
  private readonly inert = new InertCall();

  /** @throws {ChannelOptionError} naming each option that grpc-js does not read. */
  constructor(private readonly options: WireEngineOptions) {
    const { settings, channelOptions, environment, methods, onRefused } = options;
    this.server = new Server({
      ...serverChannelOptions(settings, channelOptions),
      interceptors: [this.answerHere],
    });
    allowResets(this.server, settings);
    addServices(this.server, methods.keys());
    // To grpc-js every connection is plaintext.
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
    this.setup = new ConnectionSetup(settings.connectionTimeoutMs ?? CONNECTION_SETUP_TIMEOUT_MS, onRefused);
    this.setup.listen(this.server);
    if (settings.keepaliveEnabled) {
      const { keepaliveTimeMs: timeMs, keepaliveTimeoutMs: timeoutMs } = settings;
      this.keepalive = new ConnectionKeepalive({ timeMs, timeoutMs }, 'server');
    }
    this.endings = new StreamEndings({
      now: () => environment.clock.now(),
      owns: (stream) => this.peerOf(stream) !== undefined,
      unanswered: (headers, stream) => this.unanswered(headers, stream),
    });
    this.endings.listen();
  }

  serve(socket: Socket, acceptedAt: number, onUsed: () => void): undefined {
    Object.defineProperty(socket, this.owner, { value: peerAddress(socket) });
    this.setup.watch(socket, acceptedAt, onUsed);
    this.keepalive?.watch(socket);
    this.injector.injectConnection(socket);
  }

  leave(): Promise<void> {
    this.injector.destroy();
    // Its GOAWAY names the last stream immediately.
    return Promise.resolve();
  }

  close(): void {
    // Its sessions close by themselves after the GOAWAY, and `forceShutdown` closes none while channelz is off.
  }

  release(): void {
    this.endings.stop();
    this.server.forceShutdown();
  }

  private readonly answerHere: ServerInterceptor = ({ path }, intercepting) => {
    const { methods, environment, run } = this.options;
    const bound = methods.get(path);
    const wire = new GrpcJsCall(intercepting, environment.clock);
    const call = new ServerCall(bound?.method ?? UNKNOWN_METHOD, wire, environment, bound);
    wire.call = call;
    this.endings.attach(call, wire);
    wire.start();
    run(call);
    return this.inert;
  };

  /** The peer of the connection that carries the stream; `undefined` when the connection is not one of these. */
  private peerOf(stream: ServerHttp2Stream): string | undefined {
    const socket = stream.session?.socket as (Socket & { [owner: symbol]: string | undefined }) | undefined;
    return socket?.[this.owner];
  }

  private unanswered(headers: IncomingHttpHeaders, stream: ServerHttp2Stream): ServerCall {
    const { environment, run } = this.options;
    const wire = closedCall(headers, this.peerOf(stream) ?? 'unknown');
    const call = new ServerCall(UNKNOWN_METHOD, wire, environment);
    call.handlerDone();
    run(call);
    return call;
  }
}

/**
 * grpc-js requires a service for each path and a handler for each method. kun encodes and decodes messages itself, so
 * that malformed ones go through its own error handling. All methods are registered as streams, so that grpc-js does
 * not count messages.
 */
function addServices(server: Server, paths: Iterable<string>): void {
  const asTheyAre = (bytes: Buffer) => bytes;
  const never = () => {
    throw new Error('calls are answered at the intercepting call');
  };
  for (const path of paths) {
    const rpc = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: asTheyAre,
      requestDeserialize: asTheyAre,
      responseSerialize: asTheyAre,
      responseDeserialize: asTheyAre,
    };
    server.addService({ [path]: rpc }, { [path]: never });
  }
}
