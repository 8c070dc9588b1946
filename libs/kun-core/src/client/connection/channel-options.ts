import type { ChannelOptions } from '@grpc/grpc-js';
import { refuseUnreadOptions, type GrpcChannelOptions } from '../../transport/channel-options.js';
import type { KeepaliveOptions } from '../../transport/connection-keepalive.js';
import type { HttpProxy } from './http-proxy.js';
import type { Dial } from './target.js';

/** The options that a grpc-js 1.14 client reads (`channel-options.ts`, except those only its servers read). */
const CLIENT_OPTIONS: ReadonlySet<string> = new Set([
  'grpc.ssl_target_name_override',
  'grpc.primary_user_agent',
  'grpc.secondary_user_agent',
  'grpc.default_authority',
  'grpc.keepalive_time_ms',
  'grpc.keepalive_timeout_ms',
  'grpc.service_config',
  'grpc.initial_reconnect_backoff_ms',
  'grpc.max_reconnect_backoff_ms',
  'grpc.use_local_subchannel_pool',
  'grpc.max_send_message_length',
  'grpc.max_receive_message_length',
  'grpc.enable_http_proxy',
  'grpc.default_compression_algorithm',
  'grpc.enable_channelz',
  'grpc.dns_min_time_between_resolutions_ms',
  'grpc.enable_retries',
  'grpc.per_rpc_retry_buffer_size',
  'grpc.retry_buffer_size',
  'grpc.service_config_disable_resolution',
  'grpc.client_idle_timeout_ms',
  'grpc.lb.ring_hash.ring_size_cap',
  'grpc-node.max_session_memory',
  'grpc-node.tls_enable_trace',
  'grpc-node.retry_max_attempts_limit',
  'grpc-node.flow_control_window',
]);

/** kun's settings for a channel. */
export interface ChannelDecisions {
  readonly name: string;
  readonly dial: Dial;
  /** The HTTP proxy to connect through. */
  readonly proxy?: HttpProxy | undefined;
  /** The largest message, sent or received. */
  readonly maxMessageBytes: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly keepalive: KeepaliveOptions | false;
}

/**
 * The options of a channel: kun's, overridden by the user's. Keepalive is returned separately because kun implements
 * it: `grpc.keepalive_time_ms` and `grpc.keepalive_timeout_ms` are understood but not passed to grpc-js, whose own
 * keepalive ends calls that outlive a server's GOAWAY.
 *
 * @throws {ChannelOptionError} naming each option that grpc-js clients do not read, with a suggestion.
 */
export function clientChannelOptions(
  decisions: ChannelDecisions,
  own: GrpcChannelOptions = {},
): { readonly options: ChannelOptions; readonly keepalive: KeepaliveOptions | false } {
  refuseUnreadOptions(own, {
    where: `upstream ${decisions.name}`,
    reader: 'a client of grpc-js',
    read: CLIENT_OPTIONS,
  });
  const { dial, maxMessageBytes, initialBackoffMs, maxBackoffMs } = decisions;
  const {
    'grpc.keepalive_time_ms': timeMs,
    'grpc.keepalive_timeout_ms': timeoutMs,
    ...rest
  } = own as Record<string, string | number | undefined> &
    Record<`grpc.keepalive_${string}`, number | undefined>;
  return {
    options: {
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
      'grpc.initial_reconnect_backoff_ms': initialBackoffMs,
      'grpc.max_reconnect_backoff_ms': maxBackoffMs,
      'grpc.service_config': JSON.stringify({
        loadBalancingConfig: [{ [dial.loadBalancing]: {} }],
      }),
      // Costs another DNS query for each resolution, whose answer could introduce a retry policy unnoticed.
      'grpc.service_config_disable_resolution': 1,
      // channelz keeps books on every call.
      'grpc.enable_channelz': 0,
      'grpc.dns_min_time_between_resolutions_ms': MIN_RESOLUTION_INTERVAL_MS,
      'grpc.client_idle_timeout_ms': IDLE_TIMEOUT_MS,
      ...(dial.authority !== undefined ? { 'grpc.default_authority': dial.authority } : {}),
      ...proxyOptions(decisions),
      ...(dial.serverName !== undefined ? { 'grpc.ssl_target_name_override': dial.serverName } : {}),
      ...defined(rest),
    },
    keepalive:
      timeMs === undefined && timeoutMs === undefined
        ? decisions.keepalive
        : { ...decisions.keepalive, ...defined({ timeMs, timeoutMs }) },
  };
}

/**
 * Addresses are resolved again when a connection is lost, at most once per interval. With grpc-js' default of 30 s an
 * upstream whose instances were all replaced would be unreachable for that long; one second still spares the DNS
 * server.
 */
const MIN_RESOLUTION_INTERVAL_MS = 1_000;

/**
 * A channel without calls for this long closes its connections. This is grpc-js' default, set explicitly because kun
 * documents it.
 */
const IDLE_TIMEOUT_MS = 30 * 60_000;

/** kun decides what goes through a proxy; grpc-js would send loopback addresses through it. */
function proxyOptions({ dial, proxy }: ChannelDecisions): ChannelOptions {
  if (!proxy || !dial.reach) return { 'grpc.enable_http_proxy': 0 };
  return {
    'grpc.enable_http_proxy': 0,
    // With its scheme: grpc-js would take an address for one.
    'grpc.http_connect_target': `dns:///${hostPort(dial.reach)}`,
    'grpc.default_authority': hostPort(dial.reach),
    ...(proxy.credentials === undefined ? {} : { 'grpc.http_connect_creds': proxy.credentials }),
  };
}

function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
