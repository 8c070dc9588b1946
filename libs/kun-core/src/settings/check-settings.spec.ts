import { describe, expect, it } from 'vitest';
import { checkSettings } from './check-settings.js';
import { settingsSchema } from './settings.js';

const warn = (written: object, facts: { inKubernetes?: boolean; upstreams?: readonly string[] } = {}) =>
  checkSettings(settingsSchema.parse(written), { inKubernetes: false, upstreams: [], ...facts }).map(
    ({ path, message, severity }) => `${severity} ${String(path)} ${message}`,
  );

describe('checkSettings', () => {
  it('is silent over the defaults, in Kubernetes too', () => {
    expect(warn({})).toEqual([]);
    expect(warn({ HTTPServer: { Port: 80 } }, { inKubernetes: true })).toEqual([]);
  });

  it('refuses limits that the engine does not have, and names the one that has them', () => {
    const GRPCServer = { MaxHeaderListSize: 8192, MaxConcurrentStreams: 10, StreamResetBurst: 10 };
    expect(warn({ GRPCServer: { ...GRPCServer, Engine: 'kun' } })).toEqual([]);
    expect(warn({ GRPCServer: { ...GRPCServer, Engine: 'grpc-js' } })).toEqual([
      'error GRPCServer.MaxHeaderListSize is not supported by the engine grpc-js, which has no such limit; set GRPCServer.Engine to kun, or remove the key',
    ]);
  });

  it('refuses compression on the engine that has none', () => {
    const GRPCServer = { DefaultCompressionAlgorithm: 'gzip' };
    expect(warn({ GRPCServer: { ...GRPCServer, Engine: 'kun' } })).toEqual([]);
    expect(warn({ GRPCServer: { ...GRPCServer, Engine: 'grpc-js' } })).toEqual([
      'error GRPCServer.DefaultCompressionAlgorithm is not supported by the engine grpc-js, which does not compress responses; set GRPCServer.Engine to kun, or remove the key',
    ]);
    expect(warn({ GRPCServer: { DefaultCompressionAlgorithm: 'identity', Engine: 'grpc-js' } })).toEqual([]);
  });

  it('names a proxy port that no upstream uses', () => {
    const written = { GRPCDial: { WithProxyPort: 15003 } };
    expect(warn(written)).toEqual([
      'warning GRPCDial.WithProxyPort has no effect: this service has no upstream; remove the key',
    ]);
    expect(warn(written, { upstreams: ['cache'] })).toEqual([]);
  });

  it('names upstreams that no client is registered for, and refuses one that is a slip', () => {
    const written = { Upstreams: { cahce: { Target: 'cache:50051' }, billing: { Errors: 'pass' } } };
    expect(warn(written, { upstreams: ['cache', 'orders'] })).toEqual([
      'error Upstreams.cahce is not a client of this service; did you mean Upstreams.cache?',
      'warning Upstreams.billing has no effect: no client of this name is registered; registered are cache, orders',
    ]);
    expect(warn(written)).toEqual([
      'warning Upstreams.cahce has no effect: no client of this name is registered; there are none',
      'warning Upstreams.billing has no effect: no client of this name is registered; there are none',
    ]);
    // `caches` may be another service's: `cache` has a section of its own.
    const both = { Upstreams: { cache: {}, caches: {} } };
    expect(warn(both, { upstreams: ['cache'] })).toEqual([
      expect.stringMatching(/^warning Upstreams\.caches /),
    ]);
    expect(checkSettings(settingsSchema.parse(written), { inKubernetes: false })).toEqual([]);
  });

  it('names what of an upstream cannot work or has no effect', () => {
    const of = (cache: object, GRPCDial: object = {}) =>
      warn({ GRPCDial, Upstreams: { cache } }, { upstreams: ['cache'] });
    expect(of({ TLS: { CA: 'a' }, Insecure: true })).toEqual([
      'warning Upstreams.cache.TLS has no effect: Insecure is on; remove one of the two',
    ]);
    expect(of({ TLS: { CA: 'a' } }, { Insecure: true })).toEqual([]);
    expect(of({}, { TLS: { CA: 'a' }, Insecure: true })).toEqual([
      'warning GRPCDial.TLS has no effect: Insecure is on; remove one of the two',
    ]);
    expect(of({ TLS: { Cert: 'a' } })).toEqual([
      'error Upstreams.cache.TLS needs Key as well: a certificate and its private key go together',
    ]);
    expect(of({ TLS: { Cert: 'a' } }, { TLS: { Key: 'b', Cert: 'c' } })).toEqual([]);
    expect(of({ Retry: { By: 'mesh', Codes: ['UNAVAILABLE', 'ABORTED'] } })).toEqual([
      'warning Upstreams.cache.Retry.Codes has no effect for ABORTED: the mesh cannot be asked for it',
    ]);
    expect(of({ CallTimeout: 2, Retry: { PerAttemptTimeout: 2 } })).toEqual([
      'warning Upstreams.cache.Retry.PerAttemptTimeout has no effect: the whole call has 2 s (CallTimeout)',
    ]);
    expect(of({ CallTimeout: 0, Retry: { PerAttemptTimeout: 2 } })).toEqual([]);
    expect(of({ Retry: { InitialBackoff: 5 } })).toEqual([
      'warning Upstreams.cache.Retry.InitialBackoff every wait is 2 s at most, since MaxBackoff is less than InitialBackoff',
    ]);
  });

  it('finds the place of an upstream whose name has a dot', () => {
    const [finding] = checkSettings(settingsSchema.parse({ Upstreams: { 'a.b': {} } }), {
      inKubernetes: false,
      upstreams: [],
    });
    expect(finding?.path).toEqual(['Upstreams', 'a.b']);
  });

  it('names tracing that goes nowhere', () => {
    const written = { GRPCServer: { OpenTracing: true } };
    expect(warn(written)).toEqual([
      'warning GRPCServer.OpenTracing has no effect: no exporter is configured; set Zipkin.Hosts or Tracing.Otlp.Endpoint',
    ]);
    expect(warn({ ...written, Zipkin: { Hosts: ['z'] } })).toEqual([]);
  });
});
