import { inspect } from 'node:util';
import { Metadata, status as Code } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { contextKey } from './call-values.js';
import { ObservedCall } from './observed-call.js';
import type { Ending } from './rpc-call.js';
import { describeMethod } from './rpc-method.js';

const OK = { code: Code.OK, message: '', cause: 'status' } as const;

/** The least that is a call. */
class TestCall extends ObservedCall {
  readonly side = 'server';
  readonly attempt = 1;
  readonly peer = '10.0.0.1:2';
  readonly method = describeMethod('/a.A/B', { requestStream: true, responseStream: true });
  readonly metadata = new Metadata();
  readonly failures: unknown[] = [];

  finish(ending: Omit<Ending, 'durationMs'> = OK): Ending {
    return this.endWith(ending);
  }

  another(clock = new FakeClock()): TestCall {
    const call = new TestCall(clock);
    call.inherit(this);
    return call;
  }

  protected observerFailed(error: unknown): void {
    this.failures.push(error);
  }
}

const failing = (name: string) => (): never => {
  throw new Error(name);
};

describe('the messages of a call', () => {
  it('are counted in each direction, and passed to observers from their registration on', () => {
    const call = new TestCall(new FakeClock());
    const seen: unknown[] = [];
    call.countReceived('unseen');
    call.onMessage((...message) => seen.push(message));
    call.countReceived('a');
    call.countSent('b');
    expect([call.received, call.sent]).toEqual([2, 1]);
    expect(seen).toEqual([
      ['in', 'a'],
      ['out', 'b'],
    ]);
  });

  it('go on past an observer that throws, to the next one', () => {
    const call = new TestCall(new FakeClock());
    const seen: unknown[] = [];
    call.onMessage(failing('observer'));
    call.onMessage((_, message) => seen.push(message));
    call.countSent('a');
    expect([seen, call.sent, call.failures.map(String)]).toEqual([['a'], 1, ['Error: observer']]);
  });
});

describe('the end of a call', () => {
  it('is told to everybody who asked, in their order, with how long it took', async () => {
    const clock = new FakeClock();
    const call = new TestCall(clock);
    const told: unknown[] = [];
    call.onEnd((ending) => told.push(['first', ending]));
    call.onEnd((ending) => told.push(['second', ending]));
    await clock.advance(42);
    const ending = call.finish();
    expect(ending).toEqual({ ...OK, durationMs: 42 });
    expect(told).toEqual([
      ['first', ending],
      ['second', ending],
    ]);
    expect([call.ending, Object.isFrozen(ending)]).toEqual([ending, true]);
  });

  it('is known already to the observers of it', () => {
    const call = new TestCall(new FakeClock());
    const seen: unknown[] = [];
    call.onEnd(() => seen.push(call.ending?.code));
    call.onEnd(() => call.onEnd((ending) => seen.push(ending.code)));
    call.finish();
    expect(seen).toEqual([Code.OK, Code.OK]);
  });

  it('is told at once to who asks later', () => {
    const call = new TestCall(new FakeClock());
    const ending = call.finish();
    const told: unknown[] = [];
    call.onEnd((late) => told.push(late));
    expect(told).toEqual([ending]);
  });

  it('reaches all observers when one of them throws', () => {
    const call = new TestCall(new FakeClock());
    const told: unknown[] = [];
    call.onEnd(failing('observer'));
    call.onEnd(({ code }) => told.push(code));
    call.finish();
    expect([told, call.failures.map(String)]).toEqual([[Code.OK], ['Error: observer']]);
  });

  it('does not depend on the wall clock, which may be set back under a call', () => {
    let [now, monotonic] = [1_000_000, 500];
    const clock = { now: () => now, monotonicMs: () => monotonic, schedule: () => () => {} };
    const call = new TestCall(clock);
    [now, monotonic] = [0, 507];
    expect([call.startedAt, call.finish().durationMs]).toEqual([1_000_000, 7]);
  });
});

describe('the values of a call', () => {
  const tenant = contextKey('tenant', 'none');

  it('have their default until they are set, also to undefined', () => {
    const maybe = contextKey<string | undefined>('maybe', 'default');
    const call = new TestCall(new FakeClock());
    expect([call.get(tenant), call.get(maybe)]).toEqual(['none', 'default']);
    call.set(tenant, 'acme');
    call.set(maybe, undefined);
    expect([call.get(tenant), call.get(maybe)]).toEqual(['acme', undefined]);
  });

  it('are of their key, and not of its name', () => {
    const call = new TestCall(new FakeClock());
    call.set(tenant, 'acme');
    expect(call.get(contextKey('tenant', 'none'))).toBe('none');
  });

  it('go along to another attempt, which then has its own; tags stay those of the call', () => {
    const call = new TestCall(new FakeClock());
    call.requestId = 'id';
    call.set(tenant, 'acme');
    call.tags.set('shard', 7);
    call.countSent('a');
    const attempt = call.another();
    expect([attempt.requestId, attempt.get(tenant), attempt.sent]).toEqual(['id', 'acme', 0]);
    attempt.set(tenant, 'other');
    attempt.tags.set('attempt', 2);
    expect(call.get(tenant)).toBe('acme');
    expect(call.tags.toJSON()).toEqual({ shard: 7, attempt: 2 });
    expect(attempt.ending).toBeUndefined();
  });
});

it('shows what it is to who prints it, and neither credentials nor the way to its connection', () => {
  const call = new TestCall(new FakeClock());
  call.metadata.set('authorization', 'Bearer s3cret');
  call.set(contextKey('password', ''), 'hunter2');
  call.countReceived('a');
  call.finish({ ...OK, code: Code.NOT_FOUND });
  const shown = {
    side: 'server',
    method: '/a.A/B',
    attempt: 1,
    peer: '10.0.0.1:2',
    requestId: '',
    received: 1,
    sent: 0,
    ended: Code.NOT_FOUND,
  };
  expect(JSON.parse(JSON.stringify(call))).toEqual(shown);
  expect(inspect(call)).toBe(inspect(shown));
});
