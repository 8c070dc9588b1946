import { status as Code } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DEADLINE_MS } from '../../../test/opened-call.js';
import { openedRequest } from '../../../test/opened-request.js';
import { currentCall } from '../../rpc/current-call.js';
import { deferred } from '../../testing/deferred.js';

const DONE = { done: true, value: undefined };

describe('a request stream that is iterated', () => {
  it('asks the wire for one message at a time, and only when somebody waits for it', async () => {
    const { stream, asked, send } = openedRequest();
    const messages = stream[Symbol.asyncIterator]();
    expect(asked.times).toBe(0);
    const [first, second] = [messages.next(), messages.next()];
    expect(asked.times).toBe(1);
    send('a');
    expect(asked.times).toBe(2);
    send('b');
    expect(await Promise.all([first, second])).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
    ]);
    expect(asked.times).toBe(2);
  });

  it('is done for all who wait, and for all who come later, once the caller is', async () => {
    const request = openedRequest();
    const messages = request.stream[Symbol.asyncIterator]();
    const waiting = [messages.next(), messages.next()];
    await request.halfClose();
    expect(await Promise.all([...waiting, messages.next()])).toEqual([DONE, DONE, DONE]);
    expect(request.asked.times).toBe(1);
  });

  it.each([
    ['leaves', 0, Code.CANCELLED],
    ['has no more time', DEADLINE_MS, Code.DEADLINE_EXCEEDED],
  ])('fails for all who wait and for all who come later when the caller %s', async (_, afterMs, code) => {
    const { stream, call, clock } = openedRequest();
    const messages = stream[Symbol.asyncIterator]();
    const waiting = [messages.next(), messages.next()];
    await clock.advance(afterMs);
    call.cancelled();
    for (const next of [...waiting, messages.next()]) await expect(next).rejects.toMatchObject({ code });
  });

  it('says no more when it was complete before the caller left', async () => {
    const request = openedRequest();
    const messages = request.stream[Symbol.asyncIterator]();
    await request.halfClose();
    request.call.cancelled();
    expect(await messages.next()).toEqual(DONE);
  });

  it('ends pending reads when the loop is left, and reads nothing after that', async () => {
    const { stream, asked, send } = openedRequest();
    const messages = stream[Symbol.asyncIterator]();
    const waiting = messages.next();
    expect(await messages.return?.()).toEqual(DONE);
    expect(await waiting).toEqual(DONE);
    send('late');
    expect(await messages.next()).toEqual(DONE);
    expect(asked.times).toBe(1);
  });

  it('keeps the order however messages and readers meet', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (reads) => {
        let sent = 0;
        const { stream, asked, send } = openedRequest();
        const messages = stream[Symbol.asyncIterator]();
        const got: Array<Promise<IteratorResult<unknown>>> = [];
        for (const read of reads) {
          if (read) got.push(messages.next());
          else if (asked.times > sent) send(String(sent++));
        }
        while (sent < got.length) send(String(sent++));
        const values = (await Promise.all(got)).map(({ value }) => Number(value));
        expect(values).toEqual(got.map((_, index) => index));
        expect(asked.times).toBe(got.length);
      }),
    ));
});

describe('a request stream that is subscribed to', () => {
  it('asks for the next message when the observer has returned, and stops when told to', () => {
    const { stream, asked, send } = openedRequest();
    const seen: unknown[] = [];
    const subscription = stream.subscribe((message) => seen.push([message, asked.times]));
    send('a');
    send('b');
    expect(seen).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    subscription.unsubscribe();
    send('late');
    expect([seen.length, asked.times]).toEqual([2, 3]);
  });

  it('takes thousands of messages that have come already, without a deep stack', () => {
    let left = 20_000;
    const { stream, asked } = openedRequest({ onRead: (send) => left-- > 0 && send('x') });
    let seen = 0;
    stream.subscribe(() => seen++);
    expect([seen, asked.times]).toEqual([20_000, 20_001]);
  });

  it.each(['before', 'after'])('completes when the request did %s the subscription', async (when) => {
    const request = openedRequest();
    if (when === 'before') await request.halfClose();
    const completed = deferred();
    request.stream.subscribe({ complete: () => completed.resolve() });
    if (when === 'after') await request.halfClose();
    await completed.promise;
    expect(request.asked.times).toBe(when === 'before' ? 0 : 1);
  });

  it('tells only observers with an error handler that the caller left', () => {
    const { stream, call, late } = openedRequest();
    let heard: unknown;
    stream.subscribe({ error: (error: unknown) => (heard = error) });
    call.cancelled();
    expect(heard).toMatchObject({ code: Code.CANCELLED });
    expect(late).toEqual([]);
  });

  it('runs the observer as code of the call, also at its end', async () => {
    const request = openedRequest();
    const calls: unknown[] = [];
    const note = () => calls.push(currentCall());
    request.stream.subscribe({ next: note, complete: note });
    request.send('a');
    await request.halfClose();
    expect(calls).toEqual([request.call, request.call]);
  });

  const broken = new Error('broken');
  const fail = () => {
    throw broken;
  };
  it.each([
    ['its next', { next: fail }],
    ['its complete', { complete: fail }],
    ['an operator, where no error is heard', { next: () => {} }, fail],
    ['its ear for errors', { error: fail }, fail],
  ])(
    'ends the call with what an observer throws in %s, and reads no further',
    async (_, observer, operator: (message: unknown) => unknown = String) => {
      const request = openedRequest();
      request.stream.pipe(map(operator)).subscribe(observer);
      if ('complete' in observer) await request.halfClose();
      else request.send('a');
      await expect(request.thrown).rejects.toBe(broken);
      request.send('late');
      expect(request.asked.times).toBe(1);
    },
  );
});
