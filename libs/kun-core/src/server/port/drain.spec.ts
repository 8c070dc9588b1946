import { status as Code } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draining, GRACE_MS, TIMEOUT_MS } from '../../../test/draining.js';
import { OpenCalls } from '../../rpc/open-calls.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { drain, NO_LISTENER } from './drain.js';

const FLUSH_MS = 250;

const STREAM = { responseStream: true };
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a drain', () => {
  it('is over at once where nothing is open, having told the callers to leave before it closes connections', async () => {
    const { told, allHaveCome, begin, clock } = draining();
    allHaveCome.resolve();
    expect(await begin().report).toEqual({ drained: 0, ended: 0, forced: [] });
    expect(told).toEqual(['goaway', `closed within ${FLUSH_MS}`]);
    expect(clock.scheduled).toBe(0);
  });

  it('waits for calls that callers made before they knew', async () => {
    const { allHaveCome, begin, call } = draining();
    const first = call();
    const { report, isOver } = begin();
    first.answer();
    await turn();
    expect(isOver()).toBe(false);
    const onItsWay = call();
    allHaveCome.resolve();
    await turn();
    expect(isOver()).toBe(false);
    onItsWay.answer();
    // Those alone count that were told of the stop.
    expect(await report).toEqual({ drained: 1, ended: 0, forced: [] });
    expect([first.code(), onItsWay.code()]).toEqual([Code.OK, Code.OK]);
  });

  it('lets unary calls go on past the grace of streams, which end then', async () => {
    const { allHaveCome, begin, call, clock } = draining();
    allHaveCome.resolve();
    const calls = [call(), call(STREAM), call({ requestStream: true })];
    const { report } = begin();
    await clock.advance(GRACE_MS - 1);
    expect(calls.map(({ code }) => code())).toEqual([undefined, undefined, undefined]);
    await clock.advance(1);
    expect(calls.map(({ code }) => code())).toEqual([undefined, Code.UNAVAILABLE, Code.UNAVAILABLE]);
    expect(calls[1]?.statuses[0]?.details).toBe('the server is shutting down');
    expect(calls[1]?.call.signal.aborted).toBe(true);
    for (const one of calls.slice(1)) one.leave();
    calls[0]?.answer();
    expect(await report).toEqual({ drained: 1, ended: 2, forced: [] });
  });

  it('gives streams no longer than the timeout', async () => {
    const { allHaveCome, begin, call, clock } = draining();
    allHaveCome.resolve();
    const stream = call(STREAM);
    const { report } = begin({ streamGraceMs: 10 * TIMEOUT_MS });
    await clock.advance(TIMEOUT_MS);
    expect(stream.code()).toBe(Code.UNAVAILABLE);
    await clock.advance(FLUSH_MS);
    expect((await report).forced).toHaveLength(1);
  });

  it('ends watches of the health at once, which were told already', async () => {
    const { allHaveCome, begin, call } = draining();
    const [watch, other] = [call(STREAM), call(STREAM)];
    Object.defineProperty(watch.call, 'method', { value: { ...watch.call.method, infrastructure: true } });
    const { report } = begin();
    expect([watch.code(), other.code()]).toEqual([Code.UNAVAILABLE, undefined]);
    watch.leave();
    other.answer();
    allHaveCome.resolve();
    expect(await report).toEqual({ drained: 1, ended: 1, forced: [] });
  });

  it('forces what is left at the timeout, says what that was, and waits for its handlers no longer than a flush', async () => {
    const { allHaveCome, begin, call, clock, told } = draining();
    allHaveCome.resolve();
    const stuck = call();
    stuck.call.requestId = 'r-1';
    const { report, isOver } = begin();
    await clock.advance(TIMEOUT_MS - 1);
    expect(stuck.code()).toBeUndefined();
    await clock.advance(1);
    expect(stuck.code()).toBe(Code.UNAVAILABLE);
    await clock.advance(FLUSH_MS - 1);
    expect([isOver(), told]).toEqual([false, ['goaway']]);
    await clock.advance(1);
    expect(await report).toEqual({
      drained: 0,
      ended: 0,
      forced: [{ method: '/test.v1.Test/Get', requestId: 'r-1', ageMs: TIMEOUT_MS }],
    });
    expect(told).toEqual(['goaway', `closed within ${FLUSH_MS}`]);
  });

  it('continues as soon as the forced endings have reached the callers', async () => {
    const { allHaveCome, begin, call, force, clock } = draining();
    allHaveCome.resolve();
    const stuck = [call(), call()];
    const { report, isOver } = begin();
    force.abort();
    await turn();
    stuck[0]?.flush();
    await turn();
    expect(isOver()).toBe(false);
    stuck[1]?.flush();
    expect((await report).forced).toHaveLength(2);
    expect(clock.scheduled).toBe(0);
  });

  it('does all of it at once when it is forced before it begins', async () => {
    const { begin, call, force } = draining();
    force.abort();
    const calls = [call(), call(STREAM)];
    const { report } = begin();
    await turn();
    expect(calls.map(({ code }) => code())).toEqual([Code.UNAVAILABLE, Code.UNAVAILABLE]);
    for (const one of calls) one.leave();
    expect(await report).toMatchObject({ drained: 0, ended: 0, forced: [{}, {}] });
  });

  it('counts calls that left before the stop, after being told of it, as drained', async () => {
    const { allHaveCome, begin, call } = draining();
    allHaveCome.resolve();
    const [left, open] = [call(), call()];
    const openWhenTold = new Set([left.call, open.call]);
    left.answer();
    const { report } = begin({ openWhenTold });
    open.answer();
    expect(await report).toEqual({ drained: 2, ended: 0, forced: [] });
  });

  it('counts every call once, whenever which of them leaves', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ stream: fc.boolean(), leavesAtMs: fc.integer({ min: 1, max: 6000 }) }), {
          maxLength: 8,
        }),
        async (planned) => {
          const { allHaveCome, begin, call, clock } = draining();
          allHaveCome.resolve();
          for (const { stream, leavesAtMs } of planned) {
            const one = call(stream ? STREAM : {});
            clock.schedule(leavesAtMs, () => (one.code() === undefined ? one.answer() : one.leave()));
          }
          const { report } = begin();
          await clock.advance(TIMEOUT_MS + FLUSH_MS);
          const at = (test: (one: (typeof planned)[number]) => boolean) => planned.filter(test).length;
          const { drained, ended, forced } = await report;
          expect([drained, ended, forced.length]).toEqual([
            at(({ stream, leavesAtMs }) => leavesAtMs <= (stream ? GRACE_MS : TIMEOUT_MS)),
            at(({ stream, leavesAtMs }) => stream && leavesAtMs > GRACE_MS && leavesAtMs <= TIMEOUT_MS),
            at(({ leavesAtMs }) => leavesAtMs > TIMEOUT_MS),
          ]);
          await clock.advance(1000);
        },
      ),
      { numRuns: 50 },
    ));
});

it('has nothing to do where calls come from within only', async () => {
  const clock = new FakeClock();
  const limits = { streamGraceMs: 1, timeoutMs: 1, force: new AbortController().signal };
  expect(await drain(new OpenCalls(), NO_LISTENER, clock, limits)).toEqual({
    drained: 0,
    ended: 0,
    forced: [],
  });
});
