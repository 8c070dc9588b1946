import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status, type Client } from '@grpc/grpc-js';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { Module } from '@nestjs/common';
import { beforeAll, expect, it } from 'vitest';
import { codeName, KunModule } from '@kun/core';
import { startTestService, type LogLine } from '@kun/core/testing';
import { call, type Outcome } from './call.js';
import { REPOSITORY } from './running-process.js';
import { AccountsController, AccountStore } from './what-happened/accounts.controller.js';

// Makes the failing call of the page and puts what was seen of it into the page's blocks: it must be what stands there.
// `vitest run --project whole test/e2e/what-happened.spec.ts -u` writes the page anew.

const PAGE = join(REPOSITORY, 'docs/what-happened-to-my-call.md');
const SOURCE = join(import.meta.dirname, 'what-happened/accounts.controller.ts');
const REQUEST_ID = '5d0c2a7e-5f0b-4c39-9b8d-1f6f0a3c7e21';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

let outcome: Outcome;
let lines: LogLine[];
let span: ReadableSpan;
let metrics: string;

beforeAll(async () => {
  @Module({
    imports: [
      KunModule.forRoot({
        service: 'accounts',
        base: join(import.meta.dirname, 'what-happened'),
        proto: { package: 'acme.accounts.v1', path: 'accounts.proto' },
      }),
    ],
    controllers: [AccountsController],
    providers: [AccountStore],
  })
  class AccountsModule {}

  const spans: ReadableSpan[] = [];
  const service = await startTestService(AccountsModule, {
    env: { KUN_NAMESPACE: 'shop', KUN_CLUSTER: 'eu-1', KUN_INSTANCE: 'accounts-6b7f-x2q' },
    spanExporters: [
      {
        export(ended, report) {
          spans.push(...(ended as ReadableSpan[]));
          report({ code: 0 });
        },
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  const metadata = { 'x-request-id': REQUEST_ID, traceparent: `00-${TRACE}-${PARENT}-01` };
  const client = service.grpcClient<Client>('acme.accounts.v1.Accounts');
  outcome = await call(client, 'Get', { requests: [{ id: '42' }], metadata, timeoutMs: 5000 });
  await service.logs.waitFor(({ msg }) => msg === 'finished call');
  metrics = await service.metrics();
  await service.close();
  lines = service.logs.where((line) => line['request_id'] === REQUEST_ID);
  span = spans.find(({ attributes }) => attributes['request_id'] === REQUEST_ID)!;
});

it('the page shows what happened', async () => {
  const [, handler = ''] = /\/\/ #region\n(.*)\/\/ #endregion/s.exec(await readFile(SOURCE, 'utf8')) ?? [];
  const [told] = (outcome.headers ?? outcome.trailers).get('x-request-id');
  const seen = {
    handler,
    caller: `${outcome.code} ${codeName(outcome.code)}: ${outcome.details}\nx-request-id: ${String(told)}\n`,
    log: lines.map((line) => `${JSON.stringify(settled(line), null, 2)}\n`).join(''),
    metric: seriesOf('acme.accounts.v1.Accounts'),
    span: `${JSON.stringify(settled(shownSpan()), null, 2)}\n`,
  };
  await expect(withBlocks(await readFile(PAGE, 'utf8'), seen)).toMatchFileSnapshot(PAGE);
});

it('all of it says the same', () => {
  expect(outcome).toMatchObject({ code: status.INTERNAL, details: 'Internal server error' });
  expect(lines.map(({ msg }) => msg)).toEqual(['asking the store', 'finished call']);
  expect(lines[1]).toMatchObject({ 'grpc.code': 'Internal', trace_id: TRACE, tags: { account: '42' } });
  expect(span.spanContext().spanId).toBe(lines[1]?.['span_id']);
  expect(span.parentSpanContext?.spanId).toBe(PARENT);
});

/** Replaces the content of the blocks whose opening says `<language> <name>`. */
function withBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  return Object.entries(blocks).reduce((text, [name, content]) => {
    const block = new RegExp(`(\`\`\`\\w+ ${name}\\n).*?(\`\`\`)`, 's');
    if (!block.test(text)) throw new Error(`the page has no block "${name}"`);
    return text.replace(block, (_, opening: string, end: string) => `${opening}${content}${end}`);
  }, page);
}

/** What differs from run to run, as it was once. */
function settled(value: object): object {
  const once: Readonly<Record<string, (value: unknown) => unknown>> = {
    time: () => '2026-01-31T12:00:00.004Z',
    'grpc.start_time': () => '2026-01-31T12:00:00.001Z',
    'grpc.request.deadline': () => '2026-01-31T12:00:05.000Z',
    'grpc.time_ms': () => 2.918,
    'peer.address': () => '192.0.2.7:51034',
    'network.peer.address': () => '192.0.2.7',
    'client.address': () => '192.0.2.7',
    'network.peer.port': () => 51_034,
    span_id: () => '00f067aa0ba902b7',
    stack: (stack) => `${String(stack).split('\n')[0]}\n    at AccountStore.find (accounts.store.ts:8:27)`,
    'exception.stacktrace': (stack) => `${String(stack).split('\n')[0]} ...`,
  };
  return JSON.parse(JSON.stringify(value), (name, own: unknown) => once[name]?.(own) ?? own) as object;
}

function shownSpan(): object {
  return {
    trace_id: span.spanContext().traceId,
    span_id: span.spanContext().spanId,
    parent_span_id: span.parentSpanContext?.spanId,
    name: span.name,
    kind: SpanKind[span.kind],
    status: { code: SpanStatusCode[span.status.code], message: span.status.message },
    attributes: span.attributes,
    events: span.events.map(({ name, attributes }) => ({ name, attributes })),
    resource: span.resource.attributes,
  };
}

/** The series of the counters that have moved. */
function seriesOf(service: string): string {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('grpc_server_') && line.includes(`grpc_service="${service}"`))
    .filter((line) => /_total\{/.test(line) && !line.endsWith(' 0'))
    .map((line) => `${line}\n`)
    .join('');
}
