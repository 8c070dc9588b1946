import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { Identity } from '../identity/identity.js';
import { FakeCall } from '../testing/fake-call.js';
import { openMetricExport, type MetricExport, type MetricExportOptions } from './metric-export.js';

const identity = new Identity({
  domain: '',
  namespace: 'prod',
  cluster: 'a',
  service: 'echo',
  instance: 'echo-1',
  version: '1',
});

let server: Server | undefined;
afterEach(() => server?.closeAllConnections());

/** A collector that answers as told, one status for each request, the last for all further ones. */
async function collector(...answers: number[]) {
  const bodies: unknown[] = [];
  server = createServer((request, response) => {
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 200;
    void text(request).then((body) => {
      bodies.push(JSON.parse(body));
      response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

function open(endpoint: string, options: Partial<MetricExportOptions>): Promise<MetricExport> {
  const logger = { warn: () => {}, info: () => {} };
  return openMetricExport({ identity, logger, otlp: { endpoint, protocol: 'http' }, ...options });
}

function take(exported: MetricExport): void {
  const call = new FakeCall();
  const durations = exported.server.of(call.method);
  call.onEnd((ending) => durations.add(call, ending));
  call.finish({ code: status.OK });
}

it('warns once when a collector begins to refuse, counts, and tells when it takes them again', async () => {
  const { endpoint } = await collector(400, 400, 200);
  let exported: MetricExport | undefined;
  const told: unknown[] = [];
  await new Promise<void>((recovered, reject) => {
    const logger = {
      warn: (...line: unknown[]) => void told.push(line[1]),
      info: (...line: unknown[]) => {
        told.push(line);
        recovered();
      },
    };
    open(endpoint, { logger, intervalMs: 150 }).then((opened) => {
      exported = opened;
      take(opened);
    }, reject);
  });
  expect(told).toEqual([
    `Metrics cannot be sent to ${endpoint}; it gets the totals once it accepts them again`,
    [{ exports_failed: 2 }, `Metrics are sent to ${endpoint} again`],
  ]);
  expect(exported?.failedExports).toBe(2);
  expect(await exported?.shutdown(5000)).toBe(true);
});

it('sends the last values when it is shut down', async () => {
  const { endpoint, bodies } = await collector(200);
  const exported = await open(endpoint, {});
  take(exported);
  expect(await exported.shutdown(5000)).toBe(true);
  expect(JSON.stringify(bodies.at(-1))).toContain('"rpc.server.call.duration"');
});

it('sends nothing of a service that had no calls', async () => {
  const { endpoint, bodies } = await collector(200);
  const exported = await open(endpoint, {});
  expect(await exported.shutdown(5000)).toBe(true);
  expect(bodies).toEqual([]);
});

it('gives up a collector that never answers when the time of its shutdown is over', async () => {
  server = createServer(() => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const exported = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
  take(exported);
  expect(await exported.shutdown(20)).toBe(false);
  expect(exported.failedExports).toBe(1);
});
