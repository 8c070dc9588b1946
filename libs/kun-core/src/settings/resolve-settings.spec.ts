import { describe, expect, it } from 'vitest';
import type { PortOverrides } from './declare.js';
import { resolveSettings } from './resolve-settings.js';
import { settingsSchema } from './settings.js';

const resolve = (written: object, inKubernetes = false, ports?: PortOverrides) =>
  resolveSettings(settingsSchema.parse(written), { inKubernetes, ports });

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
    expect(resolve({ Zipkin: { Hosts } }).zipkin.endpoints).toEqual([
      'http://jaeger:9411/api/v2/spans',
      'http://jaeger/api/v2/spans',
      'http://[::1]:9411/api/v2/spans',
      'http://[::1]:9000/api/v2/spans',
      'http://z/api/v2/spans',
      'https://z:1/api/v2/spans?x=1',
    ]);
  });
});
