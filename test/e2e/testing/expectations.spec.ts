import { notFound } from '@kun/core';
import {
  expectLine,
  expectMetric,
  expectNoLine,
  expectSpan,
  readMetric,
  SpanRecorder,
  startInProcess,
  type InProcessService,
} from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../../fixtures/kinds.module.js';
import type { KindsClient } from '../clients/linked-service.js';
import { kindsController } from '../kinds-controller.js';

const spans = new SpanRecorder();
let service: InProcessService;

beforeAll(async () => {
  const controller = kindsController({
    unary({ text }) {
      if (text === 'none') throw notFound('no such note');
      return { text };
    },
  });
  service = await startInProcess(kindsModule({ controllers: [controller] }), { spanExporters: [spans] });
  const client = service.client<KindsClient>(KINDS);
  await client.unary({ text: 'a' });
  await client.unary({ text: 'none' }).catch(() => {});
});
afterAll(() => service.close());

describe('expectLine', () => {
  it('waits for a line that is on its way, and gives it', async () => {
    const line = await expectLine(service.logs, { msg: 'finished call', 'grpc.code': 'NotFound' });
    expect(line['grpc.method']).toBe('Unary');
  });

  it('shows the closest lines if none matches', async () => {
    const failed = expectLine(service.logs, { msg: 'finished call', 'grpc.code': /^Internal$/ });
    await expect(failed).rejects.toThrow(
      'expected a log line with msg="finished call" grpc.code=/^Internal$/\nthere was\n  msg="finished call" grpc.code=',
    );
  });

  it('has a contrary', async () => {
    expectNoLine(service.logs, { level: 'error' });
    await expectLine(service.logs, { msg: 'serving' });
    expect(() => expectNoLine(service.logs, { msg: 'serving' })).toThrow('expected no log line with');
  });
});

describe('expectMetric', () => {
  const labels = { grpc_method: 'Unary', grpc_code: 'NotFound' };

  it('adds up what has the labels', async () => {
    await expectMetric(service, 'grpc_server_handled_total', labels, 1);
    expect(await readMetric(service, 'grpc_server_handled_total', { grpc_method: 'Unary' })).toBe(2);
    expect(await readMetric(service, 'grpc_server_handled_total', { grpc_method: 'Nothing' })).toBe(0);
  });

  it('shows what was found instead', async () => {
    await expect(expectMetric(service, 'grpc_server_handled_total', labels, 7)).rejects.toThrow(
      'expected grpc_server_handled_total with grpc_method="Unary" grpc_code="NotFound" value=7\n' +
        'there was\n  grpc_method="Unary" grpc_code="NotFound" value=1\n',
    );
    await expect(readMetric(service, 'grpc_server_handled')).rejects.toThrow(
      'expected a metric with name="grpc_server_handled"\nthere was\n  name="grpc_server_handled_total"',
    );
  });
});

describe('expectSpan', () => {
  it('finds a span once the service has sent them, and shows those there are', async () => {
    expect(() => expectSpan(spans, /Unary/)).toThrow('there was none');
    await service.close();
    const span = expectSpan(spans, `${KINDS}/Unary`, { 'rpc.status_code': 'NOT_FOUND' });
    expect(span.spanContext().traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(() => expectSpan(spans, `${KINDS}/Watch`)).toThrow(
      `expected a span with name="${KINDS}/Watch"\nthere was\n  name="${KINDS}/Unary"`,
    );
  });
});
