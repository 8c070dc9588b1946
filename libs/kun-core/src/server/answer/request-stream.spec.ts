import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openedRequest } from '../../../test/opened-request.js';
import { currentCall } from '../../rpc/current-call.js';
import { deferred } from '../../testing/deferred.js';

describe('a request stream', () => {
  it('is handed to one reader, whichever way it reads', () => {
    const { stream } = openedRequest();
    stream[Symbol.asyncIterator]();
    const again = /request stream of \/test\.v1\.Test\/Get can be read only once/;
    expect(() => stream[Symbol.asyncIterator]()).toThrow(again);
    let heard: unknown;
    stream.subscribe({ error: (error: unknown) => (heard = error) });
    expect(String(heard)).toMatch(again);
  });

  it('shows nothing of the server to what prints or copies it', () => {
    const { stream } = openedRequest();
    expect(inspect(stream, { depth: 9 })).toBe('RequestStream of /test.v1.Test/Get');
    expect(JSON.stringify({ stream })).toBe('{"stream":"a stream of request messages"}');
    expect(Object.keys(stream)).toEqual([]);
  });

  it('says so when a copy is subscribed to, which leads nowhere', () => {
    const { stream } = openedRequest();
    const copy = Object.assign(Object.create(Object.getPrototypeOf(stream)), stream) as typeof stream;
    let heard: unknown;
    copy.subscribe({ error: (error: unknown) => (heard = error) });
    expect(heard).toEqual(new TypeError('this is a copy of a request stream: use the stream itself'));
  });
});

describe('a request stream through a pipe', () => {
  it('reads nothing while a message is in it, runs it in the call, and keeps the order', async () => {
    const gate = deferred<string>();
    const calls: unknown[] = [];
    const { stream, asked, send, call } = openedRequest({
      transform: (message) => {
        calls.push(currentCall());
        return message === 'a' ? gate.promise : `${String(message)}!`;
      },
    });
    const seen: unknown[] = [];
    stream.subscribe((message) => seen.push(message));
    send('a');
    await new Promise((resolve) => setImmediate(resolve));
    expect([seen, asked.times]).toEqual([[], 1]);
    gate.resolve('A');
    await expect.poll(() => asked.times).toBe(2);
    send('b');
    await expect.poll(() => seen).toEqual(['A', 'b!']);
    expect(calls).toEqual([call, call]);
  });

  it('fails with what the pipe throws, and gives nothing that comes out of it after the end', async () => {
    const refused = new Error('refused');
    const request = openedRequest({
      transform: () => {
        throw refused;
      },
    });
    const messages = request.stream[Symbol.asyncIterator]();
    const next = messages.next();
    request.send('a');
    await expect(next).rejects.toBe(refused);

    const gate = deferred<string>();
    const slow = openedRequest({ transform: () => gate.promise });
    const seen: unknown[] = [];
    slow.stream.subscribe({ next: (message) => seen.push(message), error: () => seen.push('error') });
    slow.send('a');
    slow.call.cancelled();
    gate.resolve('A');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['error']);
  });

  it('goes through one pipe after another, each waiting for what the one before made of the message', async () => {
    const { stream, send } = openedRequest({ transform: async (message) => `${String(message)}1` });
    const messages = stream.through((message) => `${String(message)}2`)[Symbol.asyncIterator]();
    const next = messages.next();
    send('a');
    expect(await next).toEqual({ done: false, value: 'a12' });
  });

  it('goes through its first pipe where it had none', async () => {
    const { stream, send } = openedRequest();
    const messages = stream.through(async (message) => `${String(message)}!`)[Symbol.asyncIterator]();
    const next = messages.next();
    send('a');
    expect(await next).toEqual({ done: false, value: 'a!' });
  });
});
