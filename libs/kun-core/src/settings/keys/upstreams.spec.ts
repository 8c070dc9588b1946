import { status } from '@grpc/grpc-js';
import { assert, boolean, constantFrom, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveSettings, resolveUpstreamSettings } from '../resolve-settings.js';
import { RETRY_POLICIES } from './retry-policy.js';
import { settingsSchema } from '../settings.js';
import { resolveMethod, unknownMethods } from '../upstream.js';

const upstream = (written: object, name = 'cache') =>
  resolveUpstreamSettings(settingsSchema.parse(written), name);

const issues = (written: object) =>
  settingsSchema.safeParse(written).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('resolveUpstream', () => {
  it('is GRPCDial where the configuration says nothing of the upstream', () => {
    const written = { GRPCDial: { Timeout: 5, Block: true, WithProxyPort: 15003, MaxMsgSize: 4294967296 } };
    const { dial } = resolveSettings(settingsSchema.parse(written), { inKubernetes: false });
    expect(upstream(written)).toEqual({ ...dial, name: 'cache', target: undefined, methods: new Map() });
    // As an override from code may be written.
    expect(upstream({ ...written, Upstreams: { cache: { Block: undefined } } }).waitAtStart).toBe(true);
  });

  it('has a default for everything', () => {
    expect(upstream({})).toMatchObject({
      callTimeoutMs: 15_000,
      connectTimeoutMs: 20_000,
      errorPolicy: 'map',
      loadBalancing: undefined,
      keepaliveTimeMs: 60_000,
      keepaliveTimeoutMs: 20_000,
      plaintext: true,
      tls: undefined,
      retry: { by: 'app', policy: RETRY_POLICIES.safe, budget: { capacity: 100, perSuccess: 0.5 } },
    });
  });

  it('overrides key by key', () => {
    const written = {
      GRPCDial: {
        Timeout: 5,
        CallTimeout: 3,
        Errors: 'mask',
        WithProxyPort: 15003,
        Prometheus: false,
        Retry: { MaxAttempts: 4, PerAttemptTimeout: 1 },
      },
      Upstreams: {
        cache: {
          Target: 'cache:50051',
          CallTimeout: 0,
          Errors: 'pass',
          WithProxyPort: 0,
          Retry: { Policy: 'kunapp', InitialBackoff: 0.02 },
          LoadBalancing: 'pick_first',
        },
      },
    };
    expect(upstream(written)).toMatchObject({
      target: 'cache:50051',
      connectTimeoutMs: 5000,
      callTimeoutMs: undefined,
      errorPolicy: 'pass',
      proxyPort: undefined,
      metricsEnabled: false,
      loadBalancing: 'pick_first',
      retry: {
        by: 'app',
        policy: {
          ...RETRY_POLICIES.kunapp,
          maxAttempts: 4,
          initialBackoffMs: 20,
          attemptTimeoutMs: 1000,
        },
      },
    });
    expect(upstream(written, 'other')).toMatchObject({ errorPolicy: 'mask', proxyPort: 15003 });
  });

  it('takes a switch that is off for an answer', () => {
    const switches = record(
      {
        Block: boolean(),
        Prometheus: boolean(),
        DisableKeepalive: boolean(),
        LoggingZap: boolean(),
        LoggingAllRpc: boolean(),
        OpenTracing: boolean(),
      },
      { requiredKeys: [] },
    );
    assert(
      property(switches, switches, constantFrom('cache', 'other'), (GRPCDial, cache, name) => {
        const said: Record<string, boolean | undefined> = { ...GRPCDial, ...(name === 'cache' ? cache : {}) };
        const resolved = upstream({ GRPCDial, Upstreams: { cache } }, name);
        expect(resolved).toMatchObject({
          waitAtStart: said['Block'] ?? false,
          metricsEnabled: said['Prometheus'] ?? true,
          keepaliveEnabled: !(said['DisableKeepalive'] ?? false),
          loggingEnabled: said['LoggingZap'] ?? true,
          contentMaxLength: said['LoggingAllRpc'] ? 1024 : undefined,
          tracingEnabled: said['OpenTracing'] ?? false,
        });
      }),
    );
  });

  it('gives methods what they say, then what the upstream says', () => {
    const resolved = upstream({
      GRPCDial: { CallTimeout: 3 },
      Upstreams: {
        cache: {
          Retry: { Codes: ['UNAVAILABLE', 'Aborted'] },
          Methods: {
            Scan: { CallTimeout: 60, Retry: { MaxAttempts: 1 } },
            Get: { Retry: { Policy: 'kunapp' } },
          },
        },
      },
    });
    expect(resolveMethod(resolved, 'Scan')).toMatchObject({
      callTimeoutMs: 60_000,
      retry: { maxAttempts: 1 },
    });
    expect(resolveMethod(resolved, 'Get')).toMatchObject({
      callTimeoutMs: 3000,
      retry: { codes: [status.UNAVAILABLE, status.ABORTED], widenIdempotent: false, initialBackoffMs: 50 },
    });
    expect(resolveMethod(resolved, 'Put')).toEqual({ callTimeoutMs: 3000, retry: resolved.retry.policy });
    expect(unknownMethods(resolved, ['Get', 'Scans', 'Put'])).toEqual([
      'Upstreams.cache.Methods.Scan is not a method of the upstream; did you mean Scans?',
    ]);
    expect(unknownMethods(resolved, ['Get', 'Scan'])).toEqual([]);
  });

  it('encrypts where a section TLS says so, and nowhere else by itself', () => {
    const files = { CA: 'ca.pem', ServerName: 'cache.internal' };
    const tls = (written: object) => upstream(written).tls;
    expect(tls({ GRPCDial: { Insecure: false } })).toEqual({});
    expect(tls({ GRPCDial: { TLS: files } })).toMatchObject({ authorityFile: 'ca.pem' });
    expect(tls({ GRPCDial: { TLS: files, Insecure: true } })).toBeUndefined();
    expect(tls({ GRPCDial: { Insecure: true }, Upstreams: { cache: { TLS: files } } })).toMatchObject({
      authorityFile: 'ca.pem',
      serverName: 'cache.internal',
    });
    expect(
      tls({ GRPCDial: { TLS: files }, Upstreams: { cache: { TLS: { ServerName: 'b' } } } }),
    ).toMatchObject({
      authorityFile: 'ca.pem',
      serverName: 'b',
    });
    expect(tls({ GRPCDial: { TLS: files }, Upstreams: { cache: { Insecure: true } } })).toBeUndefined();
  });
});

describe('the section Upstreams', () => {
  it('takes targets as gRPC writes them, with a port', () => {
    const targets = [
      'a:1',
      'a.b-c_d:50051',
      '10.0.0.1:1',
      '[::1]:1',
      'dns:a:1',
      'dns:///a.b:50051',
      'ipv4:1.2.3.4:1,1.2.3.5:1',
      'ipv6:[::1]:1',
      'unix:/run/a.sock',
      'unix:///run/a',
    ];
    for (const Target of targets) expect(issues({ Upstreams: { a: { Target } } }), Target).toBeUndefined();
    const refused = [
      '',
      'a',
      'a b:1',
      'dns:///a',
      'dsn:///a:1',
      'http://a:1',
      'a:port',
      '::1:1',
      'dns://8.8.8.8/a:1',
    ];
    refused.push('localhost:99999', 'ipv4:127.0.0.1:99999');
    for (const Target of refused) expect(issues({ Upstreams: { a: { Target } } }), Target).toHaveLength(1);
  });

  it('refuses unknown keys and invalid values', () => {
    const cache = {
      Targt: 'a:1',
      Errors: 'hide',
      CallTimeout: -1,
      Retry: { Codes: ['UNAVAILABEL', 'OK'], MaxAttempts: 11, By: 'envoy' },
      Methods: { Get: { Timeout: 1 } },
      TLS: { Cert: '' },
    };
    expect(issues({ Upstreams: { cache } })?.map((issue) => issue.split(': ')[0])).toEqual([
      'Upstreams.cache.CallTimeout',
      'Upstreams.cache.Errors',
      'Upstreams.cache.Retry.By',
      'Upstreams.cache.Retry.MaxAttempts',
      'Upstreams.cache.Retry.Codes.0',
      'Upstreams.cache.Retry.Codes.1',
      'Upstreams.cache.TLS.Cert',
      'Upstreams.cache.Methods.Get',
      'Upstreams.cache',
    ]);
  });

  it('takes codes in either spelling', () => {
    const Codes = ['Canceled', 'CANCELLED', 'DeadlineExceeded', 'RESOURCE_EXHAUSTED'];
    expect(upstream({ Upstreams: { cache: { Retry: { Codes } } } }).retry.policy.codes).toEqual([
      status.CANCELLED,
      status.DEADLINE_EXCEEDED,
      status.RESOURCE_EXHAUSTED,
    ]);
  });
});
