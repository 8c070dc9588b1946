import { describe, expect, it } from 'vitest';
import { ChannelOptionError, type GrpcChannelOptions } from '../../../transport/channel-options.js';
import { serverChannelOptions } from './channel-options.js';

const optionsOf = (own?: GrpcChannelOptions, maxConnectionAgeMs?: number) =>
  serverChannelOptions({ maxMessageBytes: 1024, maxConnectionAgeMs }, own);

describe("the server's options", () => {
  it("are kun's, and over them the user's own", () => {
    expect(optionsOf()).toEqual({
      'grpc.max_receive_message_length': 1024,
      'grpc.max_send_message_length': 1024,
      'grpc.enable_channelz': 0,
    });
    expect(optionsOf({ 'grpc.max_send_message_length': 7 }, 5)).toMatchObject({
      'grpc.max_send_message_length': 7,
      'grpc.max_connection_age_ms': 5,
    });
    const limits = { maxConnectionAgeGraceMs: 6, maxConnectionIdleMs: 7, maxConcurrentStreams: 8 };
    expect(serverChannelOptions({ maxMessageBytes: 1024, ...limits })).toMatchObject({
      'grpc.max_connection_age_grace_ms': 6,
      'grpc.max_connection_idle_ms': 7,
      'grpc.max_concurrent_streams': 8,
    });
  });

  it.each([
    [
      { 'grpc.max_conection_age_ms': 1 },
      /^KunModule\.forRoot\(\{ channelOptions \}\): .*the server of the engine grpc-js does not read the channel option grpc\.max_conection_age_ms \(did you mean grpc\.max_connection_age_ms\?\); remove, or choose from grpc\./,
    ],
    [
      { 'grpc.service_config': '{}', interceptors: 2 },
      /the channel options grpc\.service_config.*, interceptors; remove/,
    ],
  ])('that have no effect are refused, with the one likely meant: %j', (own, message) => {
    expect(() => optionsOf(own)).toThrow(ChannelOptionError);
    expect(() => optionsOf(own)).toThrow(message);
  });
});
