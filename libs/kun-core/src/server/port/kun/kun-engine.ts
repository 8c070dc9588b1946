import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { status as Code } from '@grpc/grpc-js';
import {
  serveConnection,
  WireProcess,
  type CallListener,
  type ConnectionLimits,
  type IncomingCall,
  type Refusal,
  type ServedConnection,
} from '@kun/wire';
import { UNKNOWN_METHOD } from '../../../rpc/rpc-method.js';
import type { CompressionAlgorithm } from '../../../transport/compression.js';
import { peerAddress } from '../../../transport/peer-address.js';
import { ServerCall } from '../../call/server-call.js';
import {
  ConnectionSetupError,
  NotHttp2Error,
  type WireEngine,
  type WireEngineOptions,
} from '../../call/wire-engine.js';
import { KunCall, type KunConnection } from './kun-call.js';
import { kunLimits } from './kun-limits.js';

/** Debug data of the GOAWAY, for the peer's log. */
const LEAVING = 'the server is shutting down';
const CROWDED = 'too many connections';

/** The engine of `@kun/wire`, which reads and writes HTTP/2 directly on the sockets. */
export class KunEngine implements WireEngine {
  private readonly process: WireProcess;
  private readonly limits: Partial<ConnectionLimits>;
  private readonly maxSendBytes: number;
  private readonly compression: CompressionAlgorithm;
  private readonly setupTimeoutMs: number;
  private readonly connections = new Set<ServedConnection>();

  /** @throws {ChannelOptionError} naming each channel option that this engine does not read. */
  constructor(private readonly options: WireEngineOptions) {
    const { settings, channelOptions } = options;
    const { limits, processLimits, maxSendBytes, compression } = kunLimits(settings, channelOptions);
    this.compression = compression;
    this.limits = limits;
    this.maxSendBytes = maxSendBytes;
    this.setupTimeoutMs = limits.prefaceTimeoutMs ?? Infinity;
    this.process = new WireProcess({ limits: processLimits, onRefused: (refusal) => this.refused(refusal) });
  }

  serve(socket: Socket, acceptedAt: number, onUsed: () => void): () => void {
    const { clock } = this.options.environment;
    const connection: KunConnection = {
      peer: peerAddress(socket),
      socket,
      maxSendBytes: this.maxSendBytes,
      compression: this.compression,
      now: () => clock.now(),
    };
    let used = false;
    const served = serveConnection(
      socket,
      { process: this.process, limits: this.limitsOf(socket, acceptedAt) },
      (incoming) => {
        if (!used) onUsed();
        used = true;
        return this.take(incoming, connection);
      },
    );
    this.connections.add(served);
    served.onClose(() => this.connections.delete(served));
    return () => served.goAway(CROWDED);
  }

  async leave(): Promise<void> {
    await Promise.all(
      Array.from(this.connections, (connection) => {
        connection.goAway(LEAVING);
        return new Promise<void>((resolve) => connection.whenDeparted(resolve));
      }),
    );
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  release(): void {
    for (const connection of this.connections) connection.destroy();
  }

  private take(incoming: IncomingCall, connection: KunConnection): CallListener {
    const { methods, environment, run } = this.options;
    const bound = incoming.refusal ? undefined : methods.get(incoming.path);
    const wire = new KunCall(incoming, connection);
    const call = new ServerCall(bound?.method ?? UNKNOWN_METHOD, wire, environment, bound);
    wire.call = call;
    if (!bound) call.handlerDone();
    run(call);
    if (!bound) incoming.sendStatus(Code.UNIMPLEMENTED, 'the server does not implement the method');
    return wire;
  }

  /** All plaintext connections share one limits object; with TLS, the time that the handshake took is subtracted. */
  private limitsOf(socket: Socket, acceptedAt: number): Partial<ConnectionLimits> {
    if (!(socket instanceof TLSSocket)) return this.limits;
    const leftMs = Math.max(0, this.setupTimeoutMs - (performance.now() - acceptedAt));
    return { ...this.limits, prefaceTimeoutMs: leftMs };
  }

  /** Failures before HTTP/2 is established are counted by the port, whatever its engine. */
  private refused({ reason, detail, scope, socket }: Refusal): void {
    // All served connections are sockets.
    if (!(socket instanceof Socket)) return;
    const { onRefused, onWireRefusal } = this.options;
    if (reason === 'preface-timeout') onRefused(new ConnectionSetupError(this.setupTimeoutMs), socket);
    else if (reason === 'bad-preface') onRefused(new NotHttp2Error(), socket);
    else onWireRefusal?.({ reason, detail, scope, peer: peerAddress(socket) });
  }
}
