import { describe, expect, it } from 'vitest';
import { checkSettings } from './check-settings.js';
import { settingsSchema } from './settings.js';

const warn = (
  written: object,
  facts: { inKubernetes?: boolean; upstreams?: number; callbacksMs?: number } = {},
) =>
  checkSettings(settingsSchema.parse(written), { inKubernetes: false, upstreams: 0, ...facts }).map(
    ({ path, message, severity }) => `${severity} ${String(path)} ${message}`,
  );

describe('checkSettings', () => {
  it('is silent over the defaults, in Kubernetes too', () => {
    expect(warn({})).toEqual([]);
    expect(warn({ HTTPServer: { Port: 80 } }, { inKubernetes: true, callbacksMs: 1000 })).toEqual([]);
  });

  it('names a proxy port that no upstream uses', () => {
    const written = { GRPCDial: { WithProxyPort: 15003 } };
    expect(warn(written)).toEqual([
      'warning GRPCDial.WithProxyPort has no effect: this service has no upstream; remove the key',
    ]);
    expect(warn(written, { upstreams: 1 })).toEqual([]);
  });

  it('names tracing that goes nowhere', () => {
    const written = { GRPCServer: { OpenTracing: true } };
    expect(warn(written)).toEqual([
      'warning GRPCServer.OpenTracing has no effect: no exporter is configured; set Zipkin.Hosts or Tracing.Otlp.Endpoint',
    ]);
    expect(warn({ ...written, Zipkin: { Hosts: ['z'] } })).toEqual([]);
  });

  it('adds up a stop that outlasts the grace period', () => {
    const written = { GRPCServer: { GrpcGracefulStopTimeout: 25.5 }, HTTPServer: { Port: 8080 } };
    expect(warn(written, { inKubernetes: true, callbacksMs: 2000 })).toMatchInlineSnapshot(`
      [
        "warning GRPCServer.GrpcGracefulStopTimeout a stop may take 36.5 s (GRPCServer.PreStopDelay 5 + GRPCServer.GrpcGracefulStopTimeout 25.5 + HTTP 3 + stop callbacks 2 + margin 1), but the process is killed after 30 s; set the pod's terminationGracePeriodSeconds and TerminationGracePeriod to at least 37, or lower GRPCServer.GrpcGracefulStopTimeout",
      ]
    `);
    expect(
      warn({ ...written, TerminationGracePeriod: 60 }, { inKubernetes: true, callbacksMs: 2000 }),
    ).toEqual([]);
    expect(warn(written)).toEqual([]);
    expect(warn({ ...written, TerminationGracePeriod: 10 })).toHaveLength(1);
  });
});
