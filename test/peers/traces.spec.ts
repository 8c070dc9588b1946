import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { currentCall } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { call } from '../e2e/call.js';
import { kindsController, METHODS } from '../e2e/kinds-controller.js';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { freePorts } from '../e2e/config-tree.js';
import { startOtlp, startZipkin, type CollectedSpan, type SpanCollector } from './span-collectors.js';

let service: TestService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const INBOUND: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'W3C trace context': { traceparent: `00-${TRACE}-${PARENT}-01` },
  'B3 in one header': { b3: `${TRACE}-${PARENT}-1-05e3ac9a4f6e3b90` },
  'B3 in several headers': { 'x-b3-traceid': TRACE, 'x-b3-spanid': PARENT, 'x-b3-sampled': '1' },
};
const NOT_SAMPLED: ReadonlyArray<Readonly<Record<string, string>>> = [
  { traceparent: `00-${TRACE}-${PARENT}-00` },
  { b3: `${TRACE}-${PARENT}-0` },
  { b3: '0' },
];

describe.each([
  ['Zipkin', () => startZipkin()],
  ['OTLP over gRPC', () => startOtlp('grpc')],
  ['OTLP over HTTP', () => startOtlp('http')],
] as const)('%s', (_, start) => {
  let collector: SpanCollector;
  beforeAll(async () => {
    collector = await start();
  }, 600_000);
  afterAll(() => collector.stop());

  it('takes complete spans of all kinds, below those of the callers', async () => {
    service = await serve(collector.settings);
    const client = service.grpcClient<Client>(KINDS);
    const made = [...Object.entries(INBOUND), ['none', {}] as const].flatMap(([name, headers]) =>
      METHODS.map((method) => ({
        name,
        method,
        headers,
        requestId: `${name} ${method}`.replaceAll(' ', '-'),
      })),
    );
    for (const { method, headers, requestId } of made) {
      const requests = method === 'Collect' || method === 'Chat' ? [{ n: 1 }, { n: 2 }] : [{ n: 1 }];
      await call(client, method, { requests, metadata: { ...headers, 'x-request-id': requestId } });
    }
    for (const headers of NOT_SAMPLED) await call(client, 'Unary', { metadata: headers });
    const failing = await call(client, 'Unary', {
      requests: [{ n: 13 }],
      metadata: { 'x-request-id': 'failing' },
    });
    expect(failing.code).toBe(13);
    // The last spans leave with the service.
    await service.close();

    const spans = await collector.spans(made.length + 1);
    expect(spans).toHaveLength(made.length + 1);
    expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length);
    const of = (requestId: string) => spans.find(({ attributes }) => attributes['request_id'] === requestId);
    for (const { name, method, requestId } of made) {
      expect(of(requestId)).toMatchObject({
        ...(name === 'none' ? { parentId: '' } : { traceId: TRACE, parentId: PARENT }),
        name: `${KINDS}/${method}`,
        kind: 'SERVER',
        failed: false,
        service: 'kinds',
        attributes: {
          'rpc.system.name': 'grpc',
          'rpc.method': `${KINDS}/${method}`,
          'rpc.status_code': 'OK',
          'service.instance.id': 'test-1',
          'client.address': '127.0.0.1',
          'tags.account': '42',
        },
        events: [],
      });
    }
    expect(new Set(spans.filter(({ traceId }) => traceId !== TRACE).map(({ traceId }) => traceId)).size).toBe(
      5,
    );
    expect(of('failing')).toMatchObject({
      failed: true,
      attributes: { 'rpc.status_code': 'INTERNAL', 'error.type': 'INTERNAL' },
      events: ['exception'],
    } satisfies Partial<CollectedSpan>);
  });
});

describe('a collector that is down', () => {
  it.each(['Zipkin', 'grpc', 'http'])('%s: is told of once, and costs no call', async (kind) => {
    const [port] = await freePorts(1);
    service = await serve(collectorAt(`http://127.0.0.1:${port}`, kind));
    const client = service.grpcClient<Client>(KINDS);
    for (let round = 0; round < 30; round++) {
      const calls = Array.from({ length: 40 }, () => call(client, 'Unary'));
      for (const { code } of await Promise.all(calls)) expect(code).toBe(0);
    }
    const { durationMs } = await service.close();
    expect(durationMs).toBeLessThan(5000);
    // OTLP over HTTP tries again for ten seconds before it fails: the stop comes first, and tells of what is lost.
    const told = service.logs.where(
      (line) =>
        ['warn', 'error'].includes(line.level) &&
        /[sS]pans (cannot be sent|were left unsent)/.test(JSON.stringify(line)),
    );
    expect(told).toHaveLength(1);
  });
});

describe('a collector that never answers', () => {
  let silent: Server;
  afterEach(() => silent.closeAllConnections());

  it.each(['Zipkin', 'http'])(
    '%s: is asked a few times, and holds up neither calls nor the stop',
    async (kind) => {
      let asked = 0;
      silent = createServer(() => asked++);
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      service = await serve(collectorAt(url, kind));
      const client = service.grpcClient<Client>(KINDS);
      for (let round = 0; round < 40; round++) {
        await Promise.all(Array.from({ length: 100 }, () => call(client, 'Unary')));
      }
      const report = await service.close();
      // 4000 spans, of which each request holds 512; four are under way at once, each for ten seconds.
      expect(asked).toBeGreaterThan(0);
      expect(asked).toBeLessThanOrEqual(8);
      expect(service.logs.where(({ msg }) => msg === 'spans were left unsent')[0]).toMatchObject({
        spans_lost: 4000,
      });
      expect(report.durationMs).toBeLessThan(5000);
      expect(service.logs.finishedCalls).toHaveLength(4000);
    },
  );
});

function collectorAt(url: string, kind: string): Readonly<Record<string, unknown>> {
  return kind === 'Zipkin'
    ? { Zipkin: { Hosts: [url] } }
    : { Tracing: { Otlp: { Endpoint: url, Protocol: kind } } };
}

function serve(overrides: Readonly<Record<string, unknown>>): Promise<TestService> {
  const controller = kindsController({
    unary({ n }) {
      currentCall()?.tags.set('account', '42');
      if (n === 13) throw new Error('out of ink');
      return { n };
    },
    watch: ({ n }) => {
      currentCall()?.tags.set('account', '42');
      return [{ n }, { n: n + 1 }];
    },
    async collect(requests) {
      let sum = 0;
      for await (const { n } of requests) sum += n;
      currentCall()?.tags.set('account', '42');
      return { n: sum };
    },
    async *chat(requests) {
      currentCall()?.tags.set('account', '42');
      for await (const { n } of requests) yield { n };
    },
  });
  return startTestService(kindsModule({ controllers: [controller] }), {
    env: { KUN_INSTANCE: 'test-1' },
    overrides,
  });
}
