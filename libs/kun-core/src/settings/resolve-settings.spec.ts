import { describe, expect, it } from 'vitest';
import { resolveSettings, type PortOverrides } from './resolve-settings.js';
import { settingsSchema } from './settings.js';
import { settingsWarnings } from './settings-warnings.js';

const resolve = (written: object, inKubernetes = false, ports?: PortOverrides) =>
  resolveSettings(settingsSchema.parse(written), { inKubernetes, ports });
const warn = (
  written: object,
  facts: { inKubernetes?: boolean; upstreams?: number; callbacksMs?: number } = {},
) => settingsWarnings(settingsSchema.parse(written), { inKubernetes: false, upstreams: 0, ...facts });

describe('resolveSettings', () => {
  it('delays the stop only in Kubernetes, unless told', () => {
    expect(resolve({}).grpc.preStopDelayMs).toBe(0);
    expect(resolve({}, true).grpc.preStopDelayMs).toBe(5000);
    expect(resolve({ GRPCServer: { PreStopDelay: 0 } }, true).grpc.preStopDelayMs).toBe(0);
    expect(resolve({ GRPCServer: { PreStopDelay: 0.25 } }).grpc.preStopDelayMs).toBe(250);
  });

  it('opens an HTTP port only when told, and an admin port unless told not to', () => {
    expect(resolve({})).toMatchObject({ http: undefined, admin: { port: 8081 }, grpc: { port: 50051 } });
    expect(resolve({ AdminPort: 0, HTTPServer: { Port: 8080 } })).toMatchObject({
      http: { port: 8080 },
      admin: undefined,
    });
  });

  it('lets overrides open any free port', () => {
    expect(resolve({ AdminPort: 0 }, false, { grpc: 0, http: 0, admin: 0 })).toMatchObject({
      grpc: { port: 0 },
      http: { port: 0 },
      admin: { port: 0 },
    });
  });

  it('logs content only where LoggingAllRpc says so', () => {
    expect(resolve({}).grpc.contentMaxLength).toBeUndefined();
    expect(resolve({ GRPCServer: { LoggingAllRpc: true } }).grpc.contentMaxLength).toBe(1024);
  });

  it('turns hosts into endpoints as Zipkin listens', () => {
    const Hosts = ['jaeger', 'jaeger:80', '[::1]', '[::1]:9000', 'http://z', 'https://z:1/api/v2/spans?x=1'];
    expect(resolve({ Zipkin: { Hosts } }).zipkinEndpoints).toEqual([
      'http://jaeger:9411/api/v2/spans',
      'http://jaeger/api/v2/spans',
      'http://[::1]:9411/api/v2/spans',
      'http://[::1]:9000/api/v2/spans',
      'http://z/api/v2/spans',
      'https://z:1/api/v2/spans?x=1',
    ]);
  });
});

describe('settingsWarnings', () => {
  it('is silent over the defaults, in Kubernetes too', () => {
    expect(warn({})).toEqual([]);
    expect(warn({ HTTPServer: { Port: 80 } }, { inKubernetes: true, callbacksMs: 1000 })).toEqual([]);
  });

  it('names a proxy port that no upstream uses', () => {
    const written = { GRPCDial: { WithProxyPort: 15003 } };
    expect(warn(written)).toEqual([
      'GRPCDial.WithProxyPort has no effect: this service has no upstream; remove the key',
    ]);
    expect(warn(written, { upstreams: 1 })).toEqual([]);
  });

  it('names tracing that goes nowhere', () => {
    const written = { GRPCServer: { OpenTracing: true } };
    expect(warn(written)).toEqual([
      'GRPCServer.OpenTracing has no effect: no exporter is configured; set Zipkin.Hosts',
    ]);
    expect(warn({ ...written, Zipkin: { Hosts: ['z'] } })).toEqual([]);
  });

  it('adds up a stop that outlasts the grace period', () => {
    const written = { GRPCServer: { GrpcGracefulStopTimeout: 25.5 }, HTTPServer: { Port: 8080 } };
    expect(warn(written, { inKubernetes: true, callbacksMs: 2000 })).toMatchInlineSnapshot(`
      [
        "a stop may take 36.5 s (GRPCServer.PreStopDelay 5 + GRPCServer.GrpcGracefulStopTimeout 25.5 + HTTP 3 + stop callbacks 2 + margin 1), but the process is killed after 30 s; set the pod's terminationGracePeriodSeconds and TerminationGracePeriod to at least 37, or lower GRPCServer.GrpcGracefulStopTimeout",
      ]
    `);
    expect(
      warn({ ...written, TerminationGracePeriod: 60 }, { inKubernetes: true, callbacksMs: 2000 }),
    ).toEqual([]);
    expect(warn(written)).toEqual([]);
    expect(warn({ ...written, TerminationGracePeriod: 10 })).toHaveLength(1);
  });
});
