import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeName, type StopReport } from '@kun/core';
import type { Outcome } from '../call.js';
import { goCodeName, samplesOf, type Sample } from '../metrics-text.js';
import { KINDS, type Caller, type Kind } from './caller.js';
import { CASES, UNKNOWN_TO_SERVER, type Case } from './cases.js';
import { startTableService, type TableService } from './table-service.js';

const PACKAGE = 'kun.endings.v1';
const TYPES = { Unary: 'unary', Watch: 'server_stream', Collect: 'client_stream', Chat: 'bidi_stream' };

/** By the semantic conventions of OpenTelemetry: the codes that are a failure of the server. */
const FAILURES: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** The calls are made at once, and looked at when the service has stopped: nothing can follow then. */
const outcomes = new Map<string, Outcome | undefined>();
let service: TableService;
let report: StopReport;
let samples: readonly Sample[];

beforeAll(async () => {
  service = await startTableService(CASES);
  const calls = CASES.flatMap(({ when, ...row }) => KINDS.map((kind) => ({ when, row, kind })));
  const [toTheStop, alone, together] = [
    calls.filter(({ when }) => when === 'to the stop'),
    calls.filter(({ when }) => when === 'alone'),
    calls.filter(({ when }) => when === undefined),
  ];
  const stopped = toTheStop.map(({ row, kind }) => make(row, kind));
  await Promise.all(together.map(({ row, kind }) => make(row, kind).then(told)));
  await Promise.all(alone.map(({ row, kind }) => make(row, kind).then(told)));
  await Promise.all(toTheStop.map(({ row, kind }) => callerOf(row, kind).handled));
  report = await service.stop();
  await Promise.all(stopped);
  samples = samplesOf(await service.metrics());
});

async function make(row: Case, kind: Kind): Promise<string> {
  const caller = callerOf(row, kind);
  outcomes.set(caller.requestId, await (row.call?.(caller) ?? caller.start().outcome));
  caller.close();
  return caller.requestId;
}

function callerOf(row: Case, kind: Kind): Caller {
  return service.caller(row.service, kind, `${row.service}-${kind}`);
}

function sumOf(name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** The server hears of a cancelled call after its caller. */
async function told(requestId: string): Promise<void> {
  const line = service.logs.waitFor(
    ({ msg, request_id }) => msg === 'finished call' && request_id === requestId,
  );
  await Promise.race([line, delay(5000, undefined, { ref: false })]);
}

it('runs on the Node that was asked for', () => {
  expect(process.version).toBe(process.env['EXPECTED_NODE'] ?? process.version);
});

describe.each(CASES)('$service', ({ service: name, expected: expectedOf }) => {
  const unknown = UNKNOWN_TO_SERVER.has(name);

  it.each(KINDS)('%s: one line, one span, one count, one truth', (kind) => {
    const requestId = `${name}-${kind}`;
    const { code, by = ['status'], message } = expectedOf(kind);
    const outcome = outcomes.get(requestId);
    const labels = {
      grpc_service: unknown ? '_OTHER' : `${PACKAGE}.${name}`,
      grpc_method: unknown ? '_OTHER' : kind,
      grpc_type: unknown ? 'unknown' : TYPES[kind],
    };

    const lines = service.logs.finishedCalls.filter((line) => line['request_id'] === requestId);
    expect(lines).toHaveLength(1);
    const [line] = lines;
    expect(line).toMatchObject({
      'grpc.service': labels.grpc_service,
      'grpc.method': labels.grpc_method,
      'grpc.method_type': labels.grpc_type,
      'grpc.code': goCodeName(code),
    });
    const endedBy = line?.['grpc.ended_by'] ?? 'status';
    expect(by).toContain(endedBy);
    // What the caller saw, where no timer of its own could be faster.
    const seen = endedBy === 'status' && by.length === 1 ? outcome : undefined;
    expect(seen?.code ?? code).toBe(code);
    const text = code === status.OK ? undefined : (message ?? line?.['grpc.error']);
    expect(line?.['grpc.error']).toBe(text);
    // grpc-js writes a message for OK, too.
    expect(code === status.OK ? undefined : (seen?.details ?? text)).toBe(text);

    const spans = service.spans.filter(({ attributes }) => attributes['request_id'] === requestId);
    expect(spans).toHaveLength(1);
    const [span] = spans;
    expect(span).toMatchObject({
      kind: SpanKind.SERVER,
      name: unknown ? 'grpc' : `${PACKAGE}.${name}/${kind}`,
      attributes: { 'rpc.status_code': codeName(code) },
      status: { code: FAILURES.has(code) ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
      ended: true,
    });

    if (unknown) return;
    expect(sumOf('grpc_server_started_total', labels)).toBe(1);
    expect(sumOf('grpc_server_handled_total', labels)).toBe(1);
    expect(sumOf('grpc_server_handled_total', { ...labels, grpc_code: goCodeName(code) })).toBe(1);
    expect(sumOf('grpc_server_handling_seconds_count', labels)).toBe(1);
    expect(sumOf('grpc_server_in_flight', labels)).toBe(0);
  });
});

it('what no service has is one series', () => {
  const labels = { grpc_service: '_OTHER', grpc_method: '_OTHER', grpc_type: 'unknown' };
  expect(sumOf('grpc_server_started_total', labels)).toBe(12);
  expect(sumOf('grpc_server_handled_total', { ...labels, grpc_code: 'Unimplemented' })).toBe(8);
  expect(sumOf('grpc_server_handled_total', { ...labels, grpc_code: 'Unknown' })).toBe(4);
  expect(JSON.stringify(samples)).not.toContain('Missing');
});

it('nothing is reported about calls that were not made', () => {
  const calls = CASES.length * KINDS.length;
  expect(service.logs.finishedCalls).toHaveLength(calls);
  expect(service.spans).toHaveLength(calls);
  expect(sumOf('grpc_server_started_total')).toBe(calls);
  expect(sumOf('grpc_server_handled_total')).toBe(calls);
});

it('the stop forced the calls that would not end, and only those', () => {
  const forced = report.facts['forced_calls'] as Array<{ requestId: string }>;
  expect(new Set(forced.map(({ requestId }) => requestId.split('-')[0]))).toEqual(
    new Set(['ForcedStopIterating', 'ForcedStopObserving']),
  );
});

it('details reach the caller, causes do not', () => {
  for (const kind of KINDS) {
    const rich = outcomes.get(`DetailsIterating-${kind}`);
    expect(rich?.trailers.get('grpc-status-details-bin')).toHaveLength(1);
    expect(JSON.stringify([...outcomes])).not.toContain('password');
    const thrown = service.logs.finishedCalls.find((line) => line['request_id'] === `ThrowIterating-${kind}`);
    expect(thrown?.['err']).toMatchObject({ message: 'the password is 1234' });
  }
});
