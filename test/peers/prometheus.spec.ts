import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@grpc/grpc-js';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentCall, goCodeName, notFound } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { call, startCall } from '../e2e/call.js';
import { freePorts } from '../e2e/config-tree.js';
import { kindsController, METHODS } from '../e2e/kinds-controller.js';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { requireDebianPackages } from './debian-packages.js';

const logger = new Logger('Prometheus');
let service: TestService;
let folder: string;
let prometheus: ChildProcess;
let prometheusUrl: string;

beforeAll(async () => {
  await requireDebianPackages('prometheus');
  service = await serve();
  folder = await mkdtemp(join(tmpdir(), 'kun-prometheus-'));
  const target = new URL(service.adminUrl).host;
  await writeFile(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '900ms' },
      scrape_configs: [{ job_name: 'kun', static_configs: [{ targets: [target] }] }],
    }),
  );
  const [port] = await freePorts(1);
  const files = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
  const flags = [...files, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'];
  prometheus = spawn('prometheus', flags, { stdio: 'ignore' });
  prometheusUrl = `http://127.0.0.1:${port}`;
}, 300_000);

afterAll(async () => {
  const exit = once(prometheus, 'exit');
  prometheus.kill('SIGTERM');
  await exit;
  await service.close();
  await rm(folder, { recursive: true });
});

it('promtool finds nothing to say about /metrics', async () => {
  await call(service.grpcClient<Client>(KINDS), 'Unary');
  expect(await promtool(await service.metrics())).toEqual({ code: 0, said: '' });
  // It does find what is wrong.
  expect(await promtool('# TYPE a counter\na 1\n')).toMatchObject({ code: 3 });
});

it('what Prometheus scrapes agrees with the calls made', async () => {
  // It finds its targets after five seconds.
  await value('up{job="kun"}', (up) => up === 1);
  const before = await handled();
  // A method shows with 0 before its first call, so that the first is an increase.
  expect(before.get(`${KINDS} Watch OK`)).toBe(0);
  const made = new Map(before);
  const count = (method: string, code: number, times: number) => {
    const series = `${KINDS} ${method} ${goCodeName(code)}`;
    made.set(series, (made.get(series) ?? 0) + times);
  };

  const client = service.grpcClient<Client>(KINDS);
  for (const [index, method] of METHODS.entries()) {
    for (const [text, times] of [
      ['', 10 + index],
      ['missing', 3],
      ['broken', 2],
    ] as const) {
      const outcomes = await Promise.all(
        Array.from({ length: times }, () => call(client, method, { requests: [{ text }] })),
      );
      for (const { code } of outcomes) count(method, code, 1);
    }
    const cancelled = startCall(client, method, { requests: [{ text: 'wait' }], open: true });
    await service.logs.waitFor(({ msg, 'grpc.method': name }) => msg === 'waiting' && name === method);
    cancelled.cancel();
    await service.logs.waitFor((line) => line['grpc.code'] === 'Canceled' && line['grpc.method'] === method);
    count(method, 1, 1);
  }

  const total = [...made.values()].reduce((sum, calls) => sum + calls, 0);
  await value('sum(grpc_server_handled_total{job="kun"})', (sum) => sum >= total);
  expect(await handled()).toEqual(made);
  expect(made.get(`${KINDS} Chat OK`)).toBe(13);
  expect(await value('sum(grpc_server_started_total{job="kun"})')).toBe(total);
  expect(await value('sum(grpc_server_handling_seconds_count{job="kun"})')).toBe(total);
  expect(await value('sum(grpc_server_in_flight{job="kun"})')).toBe(0);
});

function serve(): Promise<TestService> {
  const act = async ({ text }: { readonly text: string }) => {
    if (text === 'missing') throw notFound('no such note');
    if (text === 'broken') throw new Error('out of ink');
    if (text === 'wait') {
      const { signal } = currentCall()!;
      logger.log('waiting');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
    return { text };
  };
  const controller = kindsController({
    unary: act,
    async *watch(request) {
      yield await act(request);
    },
    async collect(requests) {
      for await (const request of requests) await act(request);
      return {};
    },
    async *chat(requests) {
      for await (const request of requests) yield await act(request);
    },
  });
  return startTestService(kindsModule({ controllers: [controller] }));
}

/** What Prometheus answers to a query, once it is what is waited for. */
async function value(query: string, wanted: (value: number) => boolean = () => true): Promise<number> {
  for (;;) {
    const [sample] = await ask(query);
    if (sample && wanted(sample.value)) return sample.value;
    // It has no event for a scrape.
    await delay(100);
  }
}

/** `grpc_server_handled_total` of the service, by method and code. */
async function handled(): Promise<Map<string, number>> {
  const samples = await ask('grpc_server_handled_total{job="kun"}');
  return new Map(
    samples.map(({ metric, value: calls }) => [
      `${metric['grpc_service']} ${metric['grpc_method']} ${metric['grpc_code']}`,
      calls,
    ]),
  );
}

interface Answer {
  readonly data: {
    readonly result: ReadonlyArray<{
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [time: number, value: string];
    }>;
  };
}

async function ask(query: string) {
  const url = `${prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`;
  const response = await fetch(url).catch(() => undefined); // It is not up yet.
  if (!response?.ok) return [];
  const { data } = (await response.json()) as Answer;
  return data.result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }));
}

function promtool(metrics: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), said: `${stdout}${stderr}` }),
    );
    child.stdin?.end(metrics);
  });
}
