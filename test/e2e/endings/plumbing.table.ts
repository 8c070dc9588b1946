import { credentials, makeGenericClientConstructor, status, type Client } from '@grpc/grpc-js';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { service as health } from 'grpc-health-check';
import { beforeAll, expect, it } from 'vitest';
import { codeName, Meter } from '@kun/core';
import { startTestService, type LogLine, type TestService } from '@kun/core/testing';
import { startCall, type Call, type CallInput } from '../call.js';
import { kindsController } from '../kinds-controller.js';
import { goCodeName, sumOf } from '../metrics-text.js';
import { kindsModule } from '../../fixtures/kinds.module.js';
import { FragileLink } from './fragile-link.js';

// Health is answered by handlers of a library, which kun's chain only watches: what is told of its calls is as true.

const HEALTH = 'grpc.health.v1.Health';

interface Row {
  readonly id: string;
  readonly method: 'Check' | 'Watch';
  readonly code: status;
  readonly input?: CallInput;
  /** Once a stream has had its first message. */
  readonly act?: (call: Call, link: FragileLink) => void;
  readonly untilStop?: boolean;
}

const ROWS: readonly Row[] = [
  { id: 'check', method: 'Check', code: status.OK },
  { id: 'unknown', method: 'Check', code: status.NOT_FOUND, input: { requests: [{ service: 'none' }] } },
  { id: 'cancel', method: 'Watch', code: status.CANCELLED, act: (call) => call.cancel() },
  { id: 'reset', method: 'Watch', code: status.CANCELLED, act: (_, link) => link.cut('reset') },
  {
    id: 'deadline',
    method: 'Watch',
    code: status.DEADLINE_EXCEEDED,
    input: { metadata: { 'grpc-timeout': '300m' } },
  },
  { id: 'stop', method: 'Watch', code: status.UNAVAILABLE, untilStop: true },
];

const spans: ReadableSpan[] = [];
let lines: readonly LogLine[];
let metrics: string;

beforeAll(async () => {
  const exporter: SpanExporter = {
    export(ended, report) {
      spans.push(...ended);
      report({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const service = await startTestService(kindsModule({ controllers: [kindsController({})] }), {
    spanExporters: [exporter],
    overrides: {
      Logger: { Level: 'debug' },
      GRPCServer: { StreamGracePeriod: 0, GrpcGracefulStopTimeout: 0.2 },
    },
  });
  const toTheStop: Array<Promise<unknown>> = [];
  for (const row of ROWS) {
    const ended = await make(service, row);
    if (row.untilStop) toTheStop.push(ended.outcome);
    else await service.logs.waitFor((line) => isLineOf(line, row.id));
  }
  await service.close();
  await Promise.all(toTheStop);
  lines = service.logs.lines;
  metrics = (await service.app.get(Meter).expose()).body;
});

it.each(ROWS)('$method: $id', ({ id, method, code }) => {
  expect(lines.filter((line) => isLineOf(line, id))).toMatchObject([
    { level: expect.stringMatching(/debug|warn/), 'grpc.service': HEALTH, 'grpc.code': goCodeName(code) },
  ]);
  expect(spans.filter(({ attributes }) => attributes['request_id'] === id)).toMatchObject([
    { name: `${HEALTH}/${method}`, attributes: { 'rpc.status_code': codeName(code) } },
  ]);
});

it('each counts once', () => {
  for (const method of ['Check', 'Watch']) {
    const labels = { grpc_service: HEALTH, grpc_method: method };
    const rows = ROWS.filter((row) => row.method === method);
    expect(sumOf(metrics, 'grpc_server_started_total', labels)).toBe(rows.length);
    expect(sumOf(metrics, 'grpc_server_handled_total', labels)).toBe(rows.length);
    expect(sumOf(metrics, 'grpc_server_in_flight', labels)).toBe(0);
  }
  const code = { grpc_service: HEALTH, grpc_code: 'Canceled' };
  expect(sumOf(metrics, 'grpc_server_handled_total', code)).toBe(2);
});

/** Settles when the call has ended, or is to go on. */
async function make(service: TestService, row: Row): Promise<{ outcome: Promise<unknown> }> {
  const link = await FragileLink.to(service.app.ports.grpc ?? 0);
  const client: Client = new (makeGenericClientConstructor(health, 'Health'))(
    link.address,
    credentials.createInsecure(),
    { 'grpc.enable_retries': 0 },
  );
  const metadata = { ...row.input?.metadata, 'x-request-id': row.id };
  const call = startCall(client, row.method, { ...row.input, metadata });
  if (row.method === 'Watch') await call.received(1);
  row.act?.(call, link);
  const outcome = call.outcome.finally(() => {
    client.close();
    link.cut('end');
  });
  if (!row.untilStop) await outcome;
  return { outcome };
}

function isLineOf({ msg, request_id }: LogLine, id: string): boolean {
  return msg === 'finished call' && request_id === id;
}
