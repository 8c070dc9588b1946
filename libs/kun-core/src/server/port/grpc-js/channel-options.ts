import type { ChannelOptions, Server } from '@grpc/grpc-js';
import type { EngineSettings } from '../../call/wire-engine.js';
import {
  COMPRESSION_OPTION,
  KEYS_OF_SERVER_OPTIONS,
  refuseUnreadOptions,
  type GrpcChannelOptions,
} from '../../../transport/channel-options.js';

/** What a grpc-js 1.14 server reads (`server.ts`, `server-interceptors.ts`). */
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
 * The options of the server: kun's, and over them the user's own. Keepalive is kun's and not among them: grpc-js' own cuts
 * every connection that outlives its GOAWAY by one period, calls and all (Node's `session.ping()` sends nothing then).
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
 * How many calls of a connection may be cancelled at once, and how many a second after that. nghttp2's own 1000 and 33
 * guard against "rapid reset" (CVE-2023-44487) by ending the connection: each other call on it, INTERNAL. But a gRPC
 * caller whose deadlines run out together does just that, and it must not lose its healthy calls, too. A thousand
 * cancelled calls a second cost a twentieth of a core.
 */
const STREAM_RESET_BURST = 10_000;
const STREAM_RESETS_PER_SECOND = 1_000;

/** What grpc-js hands to Node for each HTTP/2 server; it has no option of its own for these two. */
interface Http2Options {
  readonly commonServerOptions?: Record<string, unknown>;
}

/** Lets callers cancel as many calls as callers do. Before the server has a port or an injector. */
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

/** grpc-js looks whether an option is there, not what it is. */
function said(options: Readonly<Record<string, number | undefined>>): ChannelOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
