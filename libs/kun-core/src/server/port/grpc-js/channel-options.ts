import type { ChannelOptions } from '@grpc/grpc-js';

/** Options of grpc-js, by the names it has for them; only those that it reads are taken. */
export type GrpcChannelOptions = Readonly<Record<string, string | number | undefined>>;

/** An option that grpc-js would ignore without a word. */
export class ChannelOptionError extends Error {
  override readonly name = 'ChannelOptionError';
}

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
  const unread = Object.keys(own).filter((name) => !SERVER_OPTIONS.has(name));
  if (unread.length > 0) {
    throw new ChannelOptionError(
      `channelOptions: grpc-js servers do not read ${unread.join(', ')}; remove them, or choose from ${[...SERVER_OPTIONS].join(', ')}`,
    );
  }
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
