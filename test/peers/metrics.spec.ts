import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notFound } from '@kun/core';
import { startLinked } from '../e2e/clients/linked-service.js';
import { freePorts } from '../e2e/config-tree.js';
import { KINDS } from '../fixtures/kinds.module.js';
import { startOtlp, type CollectedPoint, type OtlpCollector } from './span-collectors.js';

// By the semantic conventions for RPC 1.45.
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const HOUR_SECONDS = 3600;

describe.each(['grpc', 'http'] as const)('OTLP over %s', (protocol) => {
  let collector: OtlpCollector;
  beforeAll(async () => {
    collector = await startOtlp(protocol);
  }, 600_000);
  afterAll(() => collector.stop());

  it('takes the durations of calls, by method, code and upstream, when a service stops', async () => {
    await using last = await startLinked({
      handlers: {
        unary({ n }) {
          if (n === 5) throw notFound('no such note');
          if (n === 13) throw new Error('out of ink');
          return { n };
        },
      },
    });
    await using first = await startLinked({
      next: last.grpcAddress,
      config: { Metrics: { Otlp: { ...collector.metricSettings, Interval: HOUR_SECONDS } } },
      instance: 'first-1',
    });
    const own = first.grpcClient(KINDS) as unknown as {
      unary(request: object, done: (error: unknown) => void): void;
    };
    const ask = (n: number) => new Promise((done) => own.unary({ n }, done));
    for (const n of [1, 2, 5, 13]) await ask(n);
    await first.close();

    const points = await collector.points(5);
    const of = (metric: string) =>
      Object.fromEntries(
        points
          .filter((point) => point.metric === metric)
          .map((point) => [String(point.attributes['rpc.status_code']), point] as const),
      );
    const common = {
      scope: '@kun/core',
      unit: 's',
      temporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
      bounds: BOUNDS,
    } satisfies Partial<CollectedPoint>;
    const method = { 'rpc.system.name': 'grpc', 'rpc.method': `${KINDS}/Unary` };
    const [, port] = last.grpcAddress.split(':');
    const where = { 'server.address': '127.0.0.1', 'server.port': Number(port) };
    expect(of('rpc.server.call.duration')).toMatchObject({
      OK: { ...common, count: 2, attributes: { ...method, 'rpc.status_code': 'OK' } },
      // What an upstream does not find is not what the caller asked for.
      INTERNAL: { ...common, count: 2, attributes: { ...method, 'error.type': 'INTERNAL' } },
    });
    expect(of('rpc.client.call.duration')).toMatchObject({
      OK: { ...common, count: 2, attributes: { ...method, ...where } },
      NOT_FOUND: { count: 1, attributes: { ...method, ...where, 'error.type': 'NOT_FOUND' } },
      INTERNAL: { count: 1, attributes: { ...method, ...where, 'error.type': 'INTERNAL' } },
    });
    const ok = of('rpc.server.call.duration')['OK'];
    // A server does not name itself.
    expect(ok?.attributes).not.toHaveProperty('server.address');
    expect(ok?.sum).toBeGreaterThan(0);
    expect(ok?.resource).toMatchObject({ 'service.name': 'kinds', 'service.instance.id': 'first-1' });
  });

  it('takes them again and again while the service runs', async () => {
    const before = (await collector.points(0)).length;
    await using service = await startLinked({
      config: { Metrics: { Otlp: { ...collector.metricSettings, Interval: 0.2 } } },
      handlers: { unary: ({ n }) => ({ n }) },
    });
    const client = service.grpcClient(KINDS) as unknown as {
      unary(request: object, done: (error: unknown) => void): void;
    };
    await new Promise((done) => client.unary({ n: 1 }, done));
    const points = (await collector.points(before + 3)).slice(before);
    for (const { metric, count } of points) {
      expect([metric, count]).toEqual(['rpc.server.call.duration', 1]);
    }
  });
});

describe('a collector that is down', () => {
  it.each(['grpc', 'http'] as const)(
    'over %s is told of, counted, and costs no call and no exit',
    async (Protocol) => {
      const [port] = await freePorts(1);
      await using service = await startLinked({
        config: { Metrics: { Otlp: { Endpoint: `http://127.0.0.1:${port}`, Protocol } } },
        handlers: { unary: ({ n }) => ({ n }) },
      });
      const client = service.grpcClient(KINDS) as unknown as {
        unary(request: object, done: (error: unknown) => void): void;
      };
      expect(await new Promise((done) => client.unary({ n: 1 }, done))).toBeNull();
      const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text();
      expect(metrics).toContain('kun_metric_exports_failed_total 0');
      const { clean } = await service.close();
      expect(clean).toBe(true);
      const told = service.logs.where(({ msg }) => msg === 'the last metrics were left unsent');
      expect(told).toHaveLength(1);
    },
  );
});
