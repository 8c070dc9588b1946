import { execFile } from 'node:child_process';
import type { Client } from '@grpc/grpc-js';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentCall, notFound } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { goCodeName } from '../e2e/metrics-text.js';
import { call, startCall } from '../e2e/call.js';
import { kindsController, METHODS } from '../e2e/kinds-controller.js';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { PrometheusServer } from './prometheus-server.js';

const logger = new Logger('Prometheus');
let service: TestService;
let prometheus: PrometheusServer;

beforeAll(async () => {
  service = await serve();
  prometheus = await PrometheusServer.start(new URL(service.adminUrl).host);
}, 300_000);

afterAll(async () => {
  await prometheus[Symbol.asyncDispose]();
  await service.close();
});

it('promtool finds nothing to say about /metrics', async () => {
  await call(service.grpcClient<Client>(KINDS), 'Unary');
  expect(await promtool(await service.metrics())).toEqual({ code: 0, said: '' });
  // It does find what is wrong.
  expect(await promtool('# TYPE a counter\na 1\n')).toMatchObject({ code: 3 });
});

it('what Prometheus scrapes agrees with the calls made', async () => {
  // It finds its targets after five seconds.
  await prometheus.value('up{job="kun"}', (up) => up === 1);
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
  await prometheus.value('sum(grpc_server_handled_total{job="kun"})', (sum) => sum >= total);
  expect(await handled()).toEqual(made);
  expect(made.get(`${KINDS} Chat OK`)).toBe(13);
  expect(await prometheus.value('sum(grpc_server_started_total{job="kun"})')).toBe(total);
  expect(await prometheus.value('sum(grpc_server_handling_seconds_count{job="kun"})')).toBe(total);
  expect(await prometheus.value('sum(grpc_server_in_flight{job="kun"})')).toBe(0);
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

/** `grpc_server_handled_total` of the service, by method and code. */
async function handled(): Promise<Map<string, number>> {
  const samples = await prometheus.ask('grpc_server_handled_total{job="kun"}');
  return new Map(
    samples.map(({ metric, value: calls }) => [
      `${metric['grpc_service']} ${metric['grpc_method']} ${metric['grpc_code']}`,
      calls,
    ]),
  );
}

function promtool(metrics: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), said: `${stdout}${stderr}` }),
    );
    child.stdin?.end(metrics);
  });
}
