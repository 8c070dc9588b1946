import { Metadata, status as Code } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { asked } from '../../../test/client-call.js';
import { contextKey } from '../../rpc/call-values.js';
import { notFound } from '../../status/factories.js';
import { StatusError } from '../../status/status-error.js';
import { cancelReason } from './client-call.js';

const OK = { code: Code.OK, message: '', cause: 'status' } as const;
const FAILED = { code: Code.UNAVAILABLE, message: 'gone', cause: 'reset' } as const;

describe('a call of the client', () => {
  it('ends once, and notifies observers that register later as well', () => {
    const { call } = asked('Unary', {});
    const ends: unknown[] = [];
    call.onEnd(({ code }) => ends.push(code));
    const first = call.finish(OK);
    expect(call.finish(FAILED)).toBe(first);
    call.onEnd(({ code }) => ends.push(code));
    expect(ends).toEqual([Code.OK, Code.OK]);
  });

  it('continues when an observer throws, and reports it', () => {
    const { call, observed } = asked('Unary', {});
    const broken = new Error('broken');
    const ends: unknown[] = [];
    call.onEnd(() => {
      throw broken;
    });
    call.onEnd(({ code }) => ends.push(code));
    call.finish(OK);
    expect([ends, observed]).toEqual([[Code.OK], [broken]]);
  });

  it.each([
    ['before it is on the wire', false],
    ['on the wire', true],
  ])('is ended by an interceptor %s, for the first reason that there was', (_, begun) => {
    const { call } = asked('Unary', {});
    const cancelled: unknown[] = [];
    const first = notFound('first');
    if (begun) call.onCancel((reason) => cancelled.push(reason));
    call.end(first);
    call.end(notFound('second'));
    expect(call.refusal).toBe(first);
    expect(cancelled[0]).toBe(begun ? first : undefined);
    call.finish(FAILED);
    const before = cancelled.length;
    call.end(notFound('after its end'));
    expect(cancelled).toHaveLength(before);
  });

  it('has no time at its deadline, and some before it', () => {
    const at = Date.UTC(2026, 0, 1);
    const clock = (now: number) => ({
      now: () => now,
      monotonicMs: () => now,
      schedule: () => () => undefined,
    });
    const due = (now: number, deadline = at) =>
      asked('Unary', {}, { deadline, clock: clock(now) }).call.refusal;
    expect(due(at - 1)).toBeUndefined();
    expect(due(at)).toMatchObject({
      code: Code.DEADLINE_EXCEEDED,
      message: expect.stringContaining('2026-01-01T00:00:00.000Z'),
    });
    // What no date can say.
    expect(due(at, -1e20)).toMatchObject({ message: expect.stringContaining('-100000000000000000000') });
  });

  it('is not made for a caller that has left', () => {
    const { call, leave } = asked('Unary', {});
    expect(call.refusal).toBeUndefined();
    leave.abort();
    expect(call.refusal).toMatchObject({ code: Code.CANCELLED });
  });

  it('was committed once an answer has begun, and at once where requests were read', () => {
    const unary = asked('Unary', {});
    expect([unary.call.committed, asked('Chat', []).call.committed]).toEqual([false, true]);
    unary.exchange.committed = true;
    expect(unary.call.committed).toBe(true);
  });
});

describe('an attempt at a call', () => {
  it('counts up, knows what was found out for the call, and changes nothing of another', () => {
    const key = contextKey('found out', 'nothing');
    const { call } = asked('Unary', {});
    call.metadata.set('a', '1');
    call.set(key, 'outside');
    call.requestId = 'r-2';
    const [one, two] = [call.nextAttempt(), call.nextAttempt()];
    one.metadata.set('a', '2');
    one.set(key, 'inside');
    expect([call, one, two].map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
    expect([call, one, two].map(({ metadata }) => metadata.get('a')[0])).toEqual(['1', '2', '1']);
    expect([call, one, two].map((each) => each.get(key))).toEqual(['outside', 'inside', 'outside']);
    expect([one, two].map(({ requestId, peer }) => [requestId, peer])).toEqual([
      ['r-2', 'dialled'],
      ['r-2', 'dialled'],
    ]);
  });

  it('shows what it got to the whole call, of which its end is not the end', () => {
    const { call } = asked('Unary', {});
    const [one, two] = [call.nextAttempt(), call.nextAttempt()];
    const [headers, trailers] = [new Metadata(), new Metadata()];
    one.receiveMetadata(new Metadata());
    one.finish(FAILED);
    two.receiveMetadata(headers);
    two.receiveTrailers(trailers);
    expect([call.responseMetadata, call.responseTrailers]).toEqual([headers, trailers]);
    expect(call.responseMetadata).toBe(headers);
    expect(call.responseTrailers).toBe(trailers);
    expect([call.ending, two.ending]).toEqual([undefined, undefined]);
    expect(one.responseMetadata).not.toBe(headers);
  });
});

it('gives the status behind an abort: its own, a timeout, or that the caller left', () => {
  const own = notFound('own');
  const timeout = new DOMException('late', 'TimeoutError');
  const reasons = [own, timeout, new Error('other'), undefined].map((reason) =>
    cancelReason(AbortSignal.abort(reason)),
  );
  expect(reasons[0]).toBe(own);
  expect(reasons.map(({ code }) => code)).toEqual([
    Code.NOT_FOUND,
    Code.DEADLINE_EXCEEDED,
    Code.CANCELLED,
    Code.CANCELLED,
  ]);
  expect(reasons[1]?.cause).toBe(timeout);
  expect(reasons.every((reason) => reason instanceof StatusError)).toBe(true);
});
