import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startZipkin, type CollectedSpan, type SpanCollector } from '../../peers/span-collectors.js';
import { call, type Outcome } from '../call.js';
import type { ProcessLine } from '../running-process.js';
import { SpawnedService } from '../spawned-service.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER_SPAN = 'b7ad6b7169203331';
const METHODS = ['Echo', 'Watch', 'Collect', 'Chat'] as const;
type Method = (typeof METHODS)[number];

/** What each kind is asked, and how many messages come of it. */
const REQUESTS: Readonly<Record<Method, { requests: Array<Record<string, unknown>>; answers: number }>> = {
  Echo: { requests: [{ message: 'a', hops: 2 }], answers: 1 },
  Watch: { requests: [{ count: 3, hops: 2 }], answers: 3 },
  Collect: { requests: ['a', 'b'].map((message) => ({ message, hops: 2 })), answers: 1 },
  Chat: { requests: ['a', 'b'].map((message) => ({ message, hops: 2 })), answers: 2 },
};

/** The spans of a call through all three: each call that is made has one, and below it one for its attempt. */
const HOPS = ['SERVER', undefined, 'CLIENT', 'SERVER', undefined, 'CLIENT', 'SERVER'];

describe('three echoes in a row, each a process of its own', () => {
  let collector: SpanCollector;
  let collected: CollectedSpan[];
  const echoes: SpawnedService[] = [];
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    collector = await startZipkin();
    for (const instance of ['c', 'b', 'a']) {
      const next = echoes[0] ? `127.0.0.1:${echoes[0].ports.grpc}` : 'localhost:1';
      echoes.unshift(
        await SpawnedService.start({
          env: { KUN_INSTANCE: instance },
          config: {
            Upstreams: { next: { Target: next, Errors: 'pass' } },
            ...(collector.settings as Record<string, Record<string, unknown>>),
            // A call made for another that succeeds has its line at this level.
            Logger: { Level: 'debug' },
          },
        }),
      );
    }
    const client = echoes.at(0)!.grpcClient();
    for (const method of METHODS) {
      const metadata = {
        'x-request-id': `id-of-${method}`,
        traceparent: `00-${traceOf(method)}-${CALLER_SPAN}-01`,
      };
      outcomes.set(method, await call(client, method, { requests: REQUESTS[method].requests, metadata }));
    }
    const failing = [{ message: 'no', hops: 2, fail_code: status.NOT_FOUND }];
    outcomes.set('failing', await call(client, 'Echo', { requests: failing }));
    // What is not sent yet goes out with the stop, the last caller first.
    for (const echo of echoes) {
      echo.process.kill('SIGTERM');
      await echo.end;
    }
    collected = await collector.spans(HOPS.length * outcomes.size);
  }, 300_000);
  afterAll(async () => {
    await Promise.all(echoes.map((echo) => echo[Symbol.asyncDispose]()));
    await collector.stop();
  });

  it('each stops cleanly, with nothing unsent', async () => {
    for (const echo of echoes) expect(await echo.end).toEqual({ code: 0, signal: null });
  });

  it.each(METHODS)('%s passes all three and comes back', (method) => {
    const { code, messages } = outcomes.get(method)!;
    expect(code).toBe(status.OK);
    expect(messages.map(({ path }) => path)).toEqual(
      Array.from({ length: REQUESTS[method].answers }, () => ['a', 'b', 'c']),
    );
  });

  it.each(METHODS)('%s has one request id, which the caller gets back and every line carries', (method) => {
    const id = `id-of-${method}`;
    expect(outcomes.get(method)!.headers?.get('x-request-id')).toEqual([id]);
    const lines = echoes.map((echo) => finished(echo, id));
    expect(
      lines.map((each) =>
        each.map((line) => [line['grpc.component'], line['grpc.code']].join(' ')).toSorted(),
      ),
    ).toEqual([['client OK', 'server OK'], ['client OK', 'server OK'], ['server OK']]);
    expect(new Set(lines.flat().map((line) => line['trace_id']))).toEqual(new Set([traceOf(method)]));
  });

  it.each(METHODS)('%s is one trace, every hop a child of the one before', (method) => {
    const spans = collected.filter(({ traceId }) => traceId === traceOf(method));
    const chain = inOrder(spans, CALLER_SPAN);
    expect(chain.map(({ kind }) => kind)).toEqual(HOPS);
    expect(chain).toHaveLength(spans.length);
    for (const span of chain) {
      expect(span).toMatchObject({
        name: expect.stringMatching(new RegExp(`^kun.echo.v1.EchoService/${method}$`, 'i')) as string,
        service: 'echo',
        attributes: { 'rpc.system.name': 'grpc', 'rpc.status_code': 'OK', request_id: `id-of-${method}` },
      });
    }
  });

  it('a failure at the end is the same in every span and line on its way', () => {
    expect(outcomes.get('failing')).toMatchObject({ code: status.NOT_FOUND, details: 'failed as asked: no' });
    const id = String(outcomes.get('failing')!.trailers.get('x-request-id')[0]);
    const lines = echoes.flatMap((echo) => finished(echo, id));
    expect(lines.map((line) => line['grpc.code'])).toEqual(Array(5).fill('NotFound'));
    const trace = new Set(lines.map((line) => line['trace_id']));
    expect(trace.size).toBe(1);
    const spans = collected.filter(({ traceId }) => trace.has(traceId));
    const root = spans.find(({ parentId }) => parentId === '');
    expect(spans).toHaveLength(HOPS.length);
    expect([root, ...inOrder(spans, root!.id)].map((span) => span?.attributes['rpc.status_code'])).toEqual(
      HOPS.map(() => 'NOT_FOUND'),
    );
  });
});

/** Each method's calls in a trace of their own, all begun by the caller's span. */
function traceOf(method: Method): string {
  return TRACE.slice(0, -1) + METHODS.indexOf(method);
}

function finished(echo: SpawnedService, requestId: string): ProcessLine[] {
  return echo.process.withMessage('finished call').filter((line) => line['request_id'] === requestId);
}

/** The spans from the parent on, each the only child of the one before. */
function inOrder(spans: readonly CollectedSpan[], parent: string): CollectedSpan[] {
  const children = spans.filter(({ parentId }) => parentId === parent);
  if (children.length > 1) throw new Error(`${parent} has ${children.length} children`);
  return children.flatMap((child) => [child, ...inOrder(spans, child.id)]);
}
