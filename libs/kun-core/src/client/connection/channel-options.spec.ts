import { describe, expect, it } from 'vitest';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';
import { clientChannelOptions } from './channel-options.js';
import { dial } from './target.js';

function optionsOf(own?: GrpcChannelOptions, proxyPort?: number) {
  return clientChannelOptions(
    {
      name: 'orders',
      dial: dial({ name: 'orders', target: 'orders.shop:50051', proxyPort }),
      maxMessageBytes: 1024,
      initialBackoffMs: 100,
      maxBackoffMs: 1_000,
      keepalive: { timeMs: 5 },
    },
    own,
  );
}

describe("a channel's options", () => {
  it('leave keepalive to kun, transparent retries to grpc-js, and calls to turns', () => {
    const { options, keepalive } = optionsOf();
    expect(options).toEqual({
      'grpc.client_idle_timeout_ms': 1_800_000,
      'grpc.dns_min_time_between_resolutions_ms': 1_000,
      'grpc.enable_http_proxy': 0,
      'grpc.max_receive_message_length': 1024,
      'grpc.max_send_message_length': 1024,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.service_config': '{"loadBalancingConfig":[{"round_robin":{}}]}',
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_channelz': 0,
    });
    expect(keepalive).toEqual({ timeMs: 5 });
  });

  it("keep the target's name through the sidecar, whatever proxy the environment names", () => {
    expect(optionsOf({}, 15003).options).toMatchObject({
      'grpc.default_authority': 'orders.shop:50051',
      'grpc.ssl_target_name_override': 'orders.shop',
      'grpc.enable_http_proxy': 0,
      'grpc.service_config': '{"loadBalancingConfig":[{"pick_first":{}}]}',
    });
  });

  it("yield to the user's own, and take grpc-js' names of the keepalive", () => {
    const own = {
      'grpc.max_send_message_length': 7,
      'grpc.enable_channelz': undefined,
      'grpc.keepalive_timeout_ms': 9,
    };
    const { options, keepalive } = optionsOf(own);
    expect(options).toMatchObject({ 'grpc.max_send_message_length': 7, 'grpc.enable_channelz': 0 });
    expect(options).not.toHaveProperty('grpc.keepalive_timeout_ms');
    expect(keepalive).toEqual({ timeMs: 5, timeoutMs: 9 });
  });

  it.each([
    [
      { 'grpc.keepalive_tme_ms': 1 },
      /^upstream orders: .* the channel option grpc\.keepalive_tme_ms \(did you mean grpc\.keepalive_time_ms\?\); remove, or choose from grpc\./,
    ],
    [
      { 'grpc.http2.max_pings_without_data': 0 },
      /the channel option grpc\.http2\.max_pings_without_data; remove/,
    ],
    [
      { 'grpc.max_connection_age_ms': 1, interceptors: 2 },
      /the channel options grpc\.max_connection_age_ms.*, interceptors; remove/,
    ],
  ])('that have no effect are refused: %j', (own, message) => {
    expect(() => optionsOf(own)).toThrow(message);
  });
});
