import { status as Code } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { madeLocally, MOST_BYTES } from '../../../test/local.js';
import { StatusError } from '../../status/status-error.js';

const DAY_MS = 86_400_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a call that the process makes to itself', () => {
  it('is made for somebody, of the local host, with nothing of a connection', () => {
    const { local, call, metadata } = madeLocally();
    expect([call.peer, call.deadline, local.host, local.authContext]).toEqual([
      '10.0.0.1:2',
      Infinity,
      'localhost',
      {},
    ]);
    expect(call.metadata).toBe(metadata);
    expect(() => local.metricsRecorder.recordCPUUtilizationMetric(0.5)).not.toThrow();
  });

  it('hands over requests as they are asked for, says which were taken, and then that there are no more', async () => {
    const { local, call, push, heard } = madeLocally({ reading: false });
    const taken: string[] = [];
    local.start();
    for (const text of ['a', 'b']) push(text, () => taken.push(text));
    local.halfClose();
    push('late');
    expect([heard, taken, local.waiting]).toEqual([[], [], 2]);
    call.pull();
    expect([heard, taken, local.waiting]).toEqual([['a'], ['a'], 1]);
    await turn();
    expect(heard).toEqual(['a']);
    call.pull();
    local.halfClose();
    await turn();
    expect([heard, taken, local.waiting]).toEqual([['a', 'b', 'done'], ['a', 'b'], 0]);
  });

  it('gives headers and messages to the caller, who takes them later, and one status', async () => {
    const { local, call, told, taking, endings, openCalls } = madeLocally();
    local.start();
    let flushed = 0;
    call.responseMetadata.set('shard', '7');
    call.send('a', () => flushed++);
    expect(told).toEqual(['headers {"shard":"7"}', 'a']);
    taking[0]?.();
    expect(flushed).toBe(0);
    await Promise.resolve();
    expect(flushed).toBe(1);
    call.succeed();
    expect(endings).toEqual([]);
    local.cancel();
    local.sendStatus({ code: Code.INTERNAL, details: 'twice', metadata: null });
    await turn();
    expect(told).toEqual(['headers {"shard":"7"}', 'a', '0 OK']);
    expect(endings).toMatchObject([{ code: Code.OK, message: '', cause: 'status' }]);
    expect(openCalls.size).toBe(0);
  });

  it('tells a handler that waits for the next request that no more will come', async () => {
    const { local, push, heard } = madeLocally();
    local.start();
    push('a');
    local.halfClose();
    await turn();
    expect(heard).toEqual(['a', 'done']);
  });

  it('ends with what the handler answers, in its words', async () => {
    const { local, call, told, endings } = madeLocally();
    local.start();
    call.end(new StatusError(Code.NOT_FOUND, 'no such'));
    await turn();
    expect(told).toEqual([`${Code.NOT_FOUND} no such`]);
    expect(endings).toMatchObject([{ code: Code.NOT_FOUND, message: 'no such', cause: 'status' }]);
  });

  it('breaks off likewise', async () => {
    const { local, told } = madeLocally();
    local.breakOff(new StatusError(Code.INTERNAL, 'broken'));
    expect(told).toEqual([`${Code.INTERNAL} broken`]);
    await turn();
  });

  it.each([
    ['the caller leaves', 0, `${Code.CANCELLED} cancelled by the caller`, Code.CANCELLED],
    [
      'its time is nearly up',
      950,
      `${Code.DEADLINE_EXCEEDED} the caller gave up at its deadline`,
      Code.DEADLINE_EXCEEDED,
    ],
  ])('is over for everybody when %s', async (_, afterMs, end, code) => {
    const { local, call, told, heard, endings, clock, push } = madeLocally({
      timeoutMs: 1000,
      reading: false,
    });
    local.start();
    push('waiting');
    await clock.advance(afterMs);
    local.cancel();
    local.cancel();
    expect(told).toEqual([end]);
    expect(heard).toEqual(['cancelled']);
    expect([call.signal.aborted, local.waiting, clock.scheduled]).toEqual([true, 0, 0]);
    expect(endings).toMatchObject([{ code, cause: 'reset' }]);
    // Nothing goes either way any more.
    push('late');
    call.pull();
    local.halfClose();
    call.send('late', () => undefined);
    local.sendHeaders(undefined);
    local.sendMessage(Buffer.from('late'), () => undefined);
    await turn();
    expect([told.length, heard.length, endings.length]).toEqual([1, 1, 1]);
  });

  it('ends at its deadline, and not before', async () => {
    const { local, call, told, endings, clock } = madeLocally({ timeoutMs: 1000 });
    local.start();
    await clock.advance(999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([`${Code.DEADLINE_EXCEEDED} the deadline has passed`]);
    expect(call.signal.reason).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(endings).toMatchObject([{ code: Code.DEADLINE_EXCEEDED, cause: 'status' }]);
  });

  it('is over at once where its deadline has passed, and sets no timer that Node cannot wait for', async () => {
    const past = madeLocally({ timeoutMs: -1 });
    await turn();
    expect(past.told).toEqual([`${Code.DEADLINE_EXCEEDED} the deadline has passed`]);
    expect(madeLocally({ timeoutMs: 24 * DAY_MS }).clock.scheduled).toBe(1);
    expect(madeLocally({ timeoutMs: 25 * DAY_MS }).clock.scheduled).toBe(0);
  });

  it('takes messages of the size that is allowed, and of no other', async () => {
    const fits = 'x'.repeat(MOST_BYTES);
    const request = madeLocally();
    request.local.start();
    request.push(fits);
    request.push(`${fits}x`);
    expect(request.heard).toEqual([fits, 'cancelled']);
    expect(request.told).toEqual([
      `${Code.RESOURCE_EXHAUSTED} the request is too large: 9 bytes, more than 8`,
    ]);
    expect(request.endings).toMatchObject([{ code: Code.RESOURCE_EXHAUSTED, cause: 'status' }]);
    expect(request.call.signal.reason).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });

    const response = madeLocally();
    response.local.start();
    response.call.send(fits, () => undefined);
    response.call.send(`${fits}x`, () => undefined);
    expect(response.told).toEqual([
      'headers {}',
      fits,
      `${Code.RESOURCE_EXHAUSTED} the response is too large: 9 bytes, more than 8`,
    ]);
    expect(response.endings).toMatchObject([{ code: Code.RESOURCE_EXHAUSTED, cause: 'status' }]);
  });

  it('tells its caller and its observers one end, whatever happens in which order', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('push', 'big', 'done', 'cancel', 'ok', 'fail', 'late', 'send'), {
          maxLength: 12,
        }),
        async (steps) => {
          const { local, call, push, told, endings, clock, openCalls } = madeLocally({ timeoutMs: 1000 });
          const acts: Record<string, () => unknown> = {
            push: () => push('a'),
            big: () => push('x'.repeat(MOST_BYTES + 1)),
            done: () => local.halfClose(),
            cancel: () => local.cancel(),
            ok: () => call.succeed(),
            fail: () => call.end(new StatusError(Code.ABORTED, 'no')),
            late: () => clock.advance(1000),
            send: () => call.send('b', () => undefined),
          };
          local.start();
          for (const step of [...steps, 'cancel']) await acts[step]?.();
          call.handlerDone();
          await turn();
          expect(endings).toHaveLength(1);
          expect(told.filter((line) => /^\d/.test(line))).toHaveLength(1);
          expect(told.at(-1)).toMatch(`${endings[0]?.code} `);
          expect([openCalls.size, clock.scheduled, local.waiting]).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: 200 },
    ));
});
