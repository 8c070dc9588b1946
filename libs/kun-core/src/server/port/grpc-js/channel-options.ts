import type { ChannelOptions, Server } from '@grpc/grpc-js';
import type { EngineSettings } from '../../call/wire-engine.js';
import {
  COMPRESSION_OPTION,
  KEYS_OF_SERVER_OPTIONS,
  refuseUnreadOptions,
  type GrpcChannelOptions,
} from '../../../transport/channel-options.js';

/** The options that the server of grpc-js 1.14 reads (`server.ts`, `server-interceptors.ts`). */
const SERVER_OPTIONS: ReadonlySet<string> = new Set([
  'grpc.max_concurrent_streams',
  'grpc.max_send_message_length',
  'grpc.max_receive_message_length',
  'grpc.max_connection_age_ms',
  'grpc.max_connection_age_grace_ms',
  'grpc.max_connection_idle_ms',
  'grpc.enable_channelz',
  'grpc.server_call_metric_recording',
  'grpc-node.max_session_memory',
  'grpc-node.tls_enable_trace',
]);

/**
 * The server's channel options: kun's, overridden by the user's. Keepalive is handled by kun instead: that of grpc-js
 * cuts every connection that outlives its GOAWAY by one period, calls included (Node's `session.ping()` sends nothing
 * then).
 *
 * @throws {ChannelOptionError} naming each option that grpc-js does not read.
 */
export function serverChannelOptions(
  settings: Omit<EngineSettings, 'keepaliveEnabled'>,
  own: GrpcChannelOptions = {},
): ChannelOptions {
  refuseUnreadOptions(own, {
    where: 'KunModule.forRoot({ channelOptions })',
    reader: 'the server of the engine grpc-js',
    read: SERVER_OPTIONS,
    instead: new Map([...KEYS_OF_SERVER_OPTIONS, [COMPRESSION_OPTION, 'set GRPCServer.Engine to kun']]),
  });
  return {
    'grpc.max_receive_message_length': settings.maxMessageBytes,
    'grpc.max_send_message_length': settings.maxMessageBytes,
    // channelz keeps books on every call.
    'grpc.enable_channelz': 0,
    ...said({
      'grpc.max_connection_age_ms': settings.maxConnectionAgeMs,
      'grpc.max_connection_age_grace_ms': settings.maxConnectionAgeGraceMs,
      'grpc.max_connection_idle_ms': settings.maxConnectionIdleMs,
      'grpc.max_concurrent_streams': settings.maxConcurrentStreams,
    }),
    ...own,
  };
}
/**
 * How many calls of a connection may be cancelled in a burst, and per second after that. nghttp2's defaults of 1000 and
 * 33 guard against "rapid reset" (CVE-2023-44487) by closing the connection, which fails all its other calls with
 * INTERNAL. But a gRPC caller whose deadlines expire together does exactly that, and must not lose its healthy calls. A
 * thousand cancelled calls a second cost a twentieth of a core.
 */
const STREAM_RESET_BURST = 10_000;
const STREAM_RESETS_PER_SECOND = 1_000;

/** What grpc-js passes to Node for each HTTP/2 server; it has no option for these two. */
interface Http2Options {
  readonly commonServerOptions?: Record<string, unknown>;
}

/** Raises the reset limits. Must be called before the server has a port or an injector. */
export function allowResets(
  server: Server,
  {
    resetBurst = STREAM_RESET_BURST,
    resetsPerSecond = STREAM_RESETS_PER_SECOND,
  }: Pick<EngineSettings, 'resetBurst' | 'resetsPerSecond'> = {},
): void {
  Object.assign((server as unknown as Http2Options).commonServerOptions ?? {}, {
    streamResetBurst: resetBurst,
    streamResetRate: resetsPerSecond,
  });
}

/** Drops undefined values: grpc-js checks whether an option is present, not its value. */
function said(options: Readonly<Record<string, number | undefined>>): ChannelOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
