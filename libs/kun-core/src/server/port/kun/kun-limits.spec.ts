import { DEFAULT_CONNECTION_LIMITS, DEFAULT_PROCESS_LIMITS } from '@kun/wire';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../settings/resolve-settings.js';
import { settingsSchema } from '../../../settings/settings.js';
import { ChannelOptionError } from '../../../transport/channel-options.js';
import { kunLimits } from './kun-limits.js';

/** What the wire is told where a file says this of `GRPCServer`. */
const limitsOf = (written: object, channelOptions = {}) => {
  const settings = settingsSchema.parse({ GRPCServer: { Engine: 'kun', ...written } });
  return kunLimits(resolveSettings(settings, { inKubernetes: false }).grpc, channelOptions);
};

describe('the limits of the wire', () => {
  it("are its own where nothing is said, but for kun's age and time to set up", () => {
    const { limits, processLimits } = limitsOf({});
    expect({ ...DEFAULT_CONNECTION_LIMITS, ...limits }).toEqual({
      ...DEFAULT_CONNECTION_LIMITS,
      maxAgeMs: 1_800_000,
      prefaceTimeoutMs: 20_000,
      settingsTimeoutMs: 20_000,
    });
    expect({ ...DEFAULT_PROCESS_LIMITS, ...processLimits }).toEqual(DEFAULT_PROCESS_LIMITS);
  });

  it('are what each key says', () => {
    const { limits, processLimits } = limitsOf({
      MaxMsgSize: 1,
      MaxConcurrentStreams: 2,
      MaxConnectionAge: 3,
      MaxConnectionAgeGrace: 4,
      MaxConnectionIdle: 5,
      ConnectionTimeout: 6,
      KeepaliveTime: 7,
      KeepaliveTimeout: 8,
      StreamResetBurst: 90,
      StreamResetRate: 10,
      MaxHeaderListSize: 100_000,
      MaxHeaderFields: 12,
      HeaderTimeout: 13,
      OverheadBurst: 14,
      OverheadRate: 15,
      MaxUnfinishedRequestBytes: 16,
      MaxUnsentResponseBytes: 17,
      MaxInflatingMessages: 18,
    });
    expect(limits).toEqual({
      maxMessageBytes: 1,
      maxConcurrentStreams: 2,
      maxAgeMs: 3000,
      maxAgeGraceMs: 4000,
      maxIdleMs: 5000,
      prefaceTimeoutMs: 6000,
      settingsTimeoutMs: 6000,
      keepaliveTimeMs: 7000,
      keepaliveTimeoutMs: 8000,
      resetBurst: 90,
      resetsPerSecond: 10,
      resetShare: 9,
      maxHeaderListBytes: 100_000,
      // What the list may have must fit into its block.
      maxHeaderBlockBytes: 100_000,
      maxContinuations: 16,
      maxHeaderFields: 12,
      headerTimeoutMs: 13_000,
      overheadBurst: 14,
      overheadPerSecond: 15,
    });
    expect(processLimits).toEqual({
      maxUnfinishedBytes: 16,
      maxUnsentBytes: 17,
      maxInflations: 18,
      resetBurst: 270,
      resetsPerSecond: 50,
    });
  });

  it('have no keepalive where it is switched off', () => {
    expect(limitsOf({ DisableKeepalive: true }).limits.keepaliveTimeMs).toBe(Infinity);
  });

  it("are the channel options' where there are some, and -1 is none", () => {
    const { limits, maxSendBytes } = limitsOf(
      { MaxConcurrentStreams: 2, MaxConnectionAge: 3 },
      { 'grpc.max_concurrent_streams': 9, 'grpc.max_connection_age_ms': -1 },
    );
    expect(limits).toMatchObject({ maxConcurrentStreams: 9, maxAgeMs: Infinity });
    expect(maxSendBytes).toBe(4 * 1024 * 1024);
    expect(() => limitsOf({}, { 'grpc.keepalive_time_ms': 1 })).toThrow(ChannelOptionError);
  });
});
