import { status as Code } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currentCall } from '../../rpc/current-call.js';
import { StatusError } from '../../status/status-error.js';
import { DEADLINE_MS, opened } from '../../../test/opened-call.js';

const CANCELLED = { code: Code.CANCELLED, message: 'cancelled by the caller', cause: 'reset' } as const;
const OK = { code: Code.OK, message: '', cause: 'status' } as const;

describe('a call of the server', () => {
  it('is answered, ends, and leaves when its handler has settled as well', async () => {
    const { call, sent, endings, openCalls } = opened();
    const settled = call.settled();
    expect(call.handlerStarts()).toBe(true);
    call.send('a', () => {});
    call.succeed();
    call.finish(OK);
    expect(sent).toEqual(['headers', 'a', 'status 0']);
    expect(endings).toEqual([expect.objectContaining(OK)]);
    expect(await settled).toBe(endings[0]);
    expect(openCalls.size).toBe(0);
  });

  it('stays open until a handler has settled after the ending, and discards its response', async () => {
    const { call, sent, endings, openCalls, late } = opened();
    call.handlerStarts();
    call.finish(CANCELLED);
    expect(openCalls.size).toBe(1);
    expect(call.signal.reason).toMatchObject({ code: Code.CANCELLED });
    call.send('late', () => {});
    call.succeed();
    expect(openCalls.size).toBe(0);
    expect(sent).toEqual([]);
    expect([endings.length, late]).toEqual([1, []]);
    expect(call.onEnd((ending) => endings.push(ending))).toBeUndefined();
    expect(endings[1]).toBe(endings[0]);
    await expect(call.settled()).resolves.toBe(endings[0]);
  });

  it('hands what a handler throws to the chain while it can be answered, and to the log after that', async () => {
    const [answerable, over] = [opened(), opened()];
    const thrown = new Error('thrown');
    const settled = answerable.call.settled();
    answerable.call.handlerStarts();
    answerable.call.fail(thrown);
    await expect(settled).rejects.toBe(thrown);
    over.call.handlerStarts();
    void over.call.settled();
    over.call.finish(CANCELLED);
    over.call.fail(thrown);
    expect([answerable.late, over.late]).toEqual([[], [thrown]]);
    // What a handler passes on of the reason that it was given is nothing new.
    const told = opened();
    told.call.handlerStarts();
    told.call.finish(CANCELLED);
    told.call.fail(told.call.signal.reason);
    expect(told.late).toEqual([]);
  });

  it.each([
    [DEADLINE_MS - 1, Code.CANCELLED],
    [DEADLINE_MS, Code.DEADLINE_EXCEEDED],
  ])('tells its handler why nobody waits: after %i ms', async (ms, code) => {
    const { call, clock } = opened();
    call.handlerStarts();
    await clock.advance(ms);
    call.cancelled();
    expect(call.signal.reason).toMatchObject({ code });
    expect(call.writable).toBe(false);
  });

  it('hears a reset that comes with the end of a request that has no message, before it is taken for one', async () => {
    const { call, sent, endings } = opened();
    const seen: string[] = [];
    call.readWith({
      message: () => {},
      halfClose: () => void seen.push(call.ending ? 'end after the ending' : 'end'),
      cancelled: () => void seen.push('cancelled'),
    });
    call.halfClosed();
    call.finish(CANCELLED);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen[0]).toBe('cancelled');
    expect(seen).not.toContain('end');
    expect([sent, endings.length]).toEqual([[], 1]);
  });

  it('breaks off when the wire refuses the answer, and ends with INTERNAL', () => {
    const { call, sent, endings } = opened({
      wire: {
        sendMessage() {
          throw new Error('refused');
        },
      },
    });
    call.handlerStarts();
    call.send('a', () => {});
    call.succeed();
    call.finish(CANCELLED);
    expect(sent).toEqual(['headers', 'broken 13']);
    expect(endings[0]).toMatchObject({ code: Code.INTERNAL, cause: 'status' });
  });

  it("runs observers and teardowns in the call's context, and continues if they throw", () => {
    const { call, late, endings } = opened();
    const under: unknown[] = [];
    const failing = (name: string) => () => {
      under.push(currentCall() === call);
      throw new Error(name);
    };
    call.handlerStarts();
    call.onAbandoned(failing('teardown'));
    call.signal.addEventListener('abort', () => under.push(currentCall() === call));
    call.onEnd(failing('observer'));
    call.onEnd((ending) => endings.push(ending));
    call.finish(CANCELLED);
    expect(late.map(String)).toEqual(['Error: teardown', 'Error: observer']);
    expect(under).toEqual([true, true, true]);
    expect(endings).toHaveLength(2);
  });

  it('ends once, sends one status and nothing after it, and leaves once, whatever happens in which order', () => {
    const steps = fc.constantFrom(
      'start',
      'send',
      'succeed',
      'fail',
      'end',
      'cancelled',
      'message',
      'half-close',
      'finish',
      'handler done',
      'answered',
    );
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 14 }), (order) => {
        const { call, sent, endings, openCalls } = opened();
        call.settled().catch(() => {});
        call.readWith({ message: () => {}, halfClose: () => {}, cancelled: () => {} });
        const aborted: unknown[] = [];
        call.signal.addEventListener('abort', () => aborted.push(call.signal.reason));
        let stopped = 0;
        call.onAbandoned(() => stopped++);
        const run: Record<string, () => void> = {
          start: () => void call.handlerStarts(),
          send: () => void call.send('a', () => {}),
          succeed: () => call.succeed(),
          fail: () => call.fail(new Error('thrown')),
          end: () => call.end(new StatusError(Code.NOT_FOUND, 'none')),
          cancelled: () => call.cancelled(),
          message: () => call.messageArrived(Buffer.from('m')),
          'half-close': () => call.halfClosed(),
          finish: () => call.finish(CANCELLED),
          'handler done': () => call.handlerDone(),
          answered: () => call.answeredByWire(Code.RESOURCE_EXHAUSTED, 'too large'),
        };
        for (const step of order) run[step]?.();
        call.handlerDone();
        call.finish(CANCELLED);
        expect(endings).toHaveLength(1);
        expect(aborted.length).toBeLessThanOrEqual(1);
        expect(stopped).toBeLessThanOrEqual(1);
        expect(openCalls.size).toBe(0);
        const status = sent.findIndex((what) => what.startsWith('status'));
        expect(status === -1 || status === sent.length - 1).toBe(true);
        expect(sent.filter((what) => what === 'headers').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});
