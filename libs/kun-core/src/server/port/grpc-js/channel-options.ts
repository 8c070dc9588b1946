import type { ChannelOptions } from '@grpc/grpc-js';
import { refuseUnreadOptions, type GrpcChannelOptions } from '../../../transport/channel-options.js';

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
  settings: {
    readonly maxMessageBytes: number;
    readonly maxConnectionAgeMs: number | undefined;
  },
  own: GrpcChannelOptions = {},
): ChannelOptions {
  refuseUnreadOptions(own, SERVER_OPTIONS, {
    where: 'KunModule.forRoot({ channelOptions })',
    side: 'servers',
  });
  return {
    'grpc.max_receive_message_length': settings.maxMessageBytes,
    'grpc.max_send_message_length': settings.maxMessageBytes,
    // channelz keeps books on every call.
    'grpc.enable_channelz': 0,
    ...(settings.maxConnectionAgeMs === undefined
      ? {}
      : { 'grpc.max_connection_age_ms': settings.maxConnectionAgeMs }),
    ...own,
  };
}
