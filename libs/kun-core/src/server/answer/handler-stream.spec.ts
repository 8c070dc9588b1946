import { finished } from 'node:stream';
import { inspect } from 'node:util';
import { Metadata, status as Code } from '@grpc/grpc-js';
import { throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { handled, streamOf } from '../../../test/handled.js';
import { opened } from '../../../test/opened-call.js';
import { currentCall } from '../../rpc/current-call.js';
import { deferred } from '../../testing/deferred.js';
import { answerWithStream, isMetadata, type HandlerStream } from './handler-stream.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const broken = new Error('broken');
const KIB = 'x'.repeat(1024);

function trailersOf(values: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

describe("the stream of a handler's own", () => {
  it('reads messages as they are asked for, in the call, and ends with the request', async () => {
    const seen: unknown[] = [];
    const { call, asked, send, sent } = handled((stream) => {
      stream.on('data', (message) => seen.push([message, currentCall() === call]));
      stream.on('end', () => (seen.push('end'), stream.end()));
    });
    await turn();
    expect(asked.times).toBe(1);
    send('a');
    await turn();
    expect(asked.times).toBe(2);
    call.halfClosed();
    await expect.poll(() => sent).toEqual(['headers', 'status 0']);
    expect(seen).toEqual([['a', true], 'end']);
  });

  it('requests nothing more while nobody reads what has arrived', async () => {
    const { stream, asked, send } = streamOf();
    stream.pause();
    stream.read(0);
    for (let n = 0; n < 40 && asked.times > n; n++) {
      send('x');
      await turn();
    }
    expect(asked.times).toBe(16);
  });

  it('has a single request at hand, and no other', async () => {
    const { stream, sent } = streamOf({ request: 'a' });
    expect(stream.request).toBe('a');
    let messages = 0;
    for await (const message of stream) messages += Number(message !== undefined);
    expect(messages).toBe(0);
    // The other half stays open.
    stream.write('b');
    expect(sent).toEqual(['headers', 'b']);
  });

  it('makes its writer wait for a caller that does not read, until there is room', async () => {
    const { stream, taken } = streamOf();
    let written = 0;
    for (let n = 0; n < 100; n++) stream.write(KIB, () => written++);
    await turn();
    expect([written, stream.writableNeedDrain]).toEqual([63, true]);
    for (const take of taken.splice(0)) take();
    await expect.poll(() => written).toBe(100);
  });

  it.each([
    ['end()', (stream: HandlerStream) => stream.end(), {}],
    ['end(metadata)', (stream: HandlerStream) => stream.end(trailersOf({ rows: '2' })), { rows: '2' }],
    ['end(anything else)', (stream: HandlerStream) => stream.end('b'), {}],
    ['end() twice', (stream: HandlerStream) => stream.end().end(), {}],
  ])('%s is OK, after what was written, with trailers and no last message', async (_, end, trailers) => {
    const { stream, sent, statuses, call, late, openCalls } = streamOf();
    stream.on('error', () => undefined);
    stream.write('a');
    end(stream);
    await expect.poll(() => sent).toEqual(['headers', 'a', 'status 0']);
    expect(statuses[0]?.metadata?.getMap() ?? {}).toEqual(trailers);
    call.finish({ code: Code.OK, message: '', cause: 'status' });
    await turn();
    expect([late.length, openCalls.size]).toEqual([0, 0]);
  });

  it.each([
    ['is destroyed with', (stream: HandlerStream) => void stream.destroy(broken)],
    ['emits', (stream: HandlerStream) => void stream.emit('error', broken)],
    ['has a handler that throws', () => throwing()],
    ['has a handler whose Observable fails with', () => throwError(() => broken)],
  ])('%s an error: that ends the call', async (_, act) => {
    const { thrown } = handled(act);
    await expect(thrown).rejects.toBe(broken);
  });

  it("takes grpc-js' form of an error, and what a service makes of its own", async () => {
    const plain = { code: Code.NOT_FOUND, details: 'no such' };
    await expect(handled((stream) => stream.emit('error', plain)).thrown).rejects.toMatchObject({
      code: Code.NOT_FOUND,
      message: 'no such',
    });
    const readError = (error: unknown) => ({ read: error });
    const { thrown } = handled((stream) => stream.emit('error', broken), { bound: { readError } });
    await expect(thrown).rejects.toEqual({ read: broken });
  });

  it.each([
    [
      'written',
      { serializeResponse: () => throwing() },
      (s: HandlerStream) => void s.write('a'),
      Code.INTERNAL,
    ],
    ['refused by a check', {}, undefined, undefined],
  ])('fails with a message that is %s and does not fit', async (_, codec, act, code) => {
    const { stream, thrown, send } = streamOf({
      codec,
      bound: { style: 'call', check: act ? () => {} : () => throwing() },
    });
    stream.resume();
    if (act) act(stream);
    else send('a');
    await expect(thrown).rejects.toMatchObject(code ? { code, cause: broken } : { message: 'broken' });
    expect(stream.destroyed).toBe(true);
  });

  it('reports that its caller left, and is destroyed: a waiting writer continues, a reader ends', async () => {
    const { stream, leave, openCalls, late } = streamOf();
    const told: unknown[] = [];
    stream.on('cancelled', (why: unknown) => told.push(why));
    const closed = deferred<unknown>();
    finished(stream, (error) => closed.resolve(error));
    for (let n = 0; n < 100; n++) stream.write(KIB);
    await turn();
    expect(stream.cancelled).toBe(false);
    leave();
    expect([told, stream.cancelled, stream.destroyed]).toEqual([['cancelled'], true, true]);
    expect(await closed.promise).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect([openCalls.size, late]).toEqual([0, []]);
  });

  it('is notified at once if nobody waits any more before it begins', () => {
    const gone = opened({ requestStream: true, responseStream: true });
    gone.call.finish({ code: Code.CANCELLED, message: '', cause: 'reset' });
    let stream: HandlerStream | undefined;
    answerWithStream(gone.call, {
      ...gone.bound,
      handler: async (given) => (stream = given as HandlerStream),
    });
    expect(stream?.destroyed).toBe(true);
  });

  it('shows nothing of the server to what prints it', () => {
    const { stream } = streamOf();
    expect(inspect(stream, { depth: 9, showHidden: true })).not.toContain('10.0.0.1');
    const seen = [stream.getPeer(), stream.getPath(), stream.getHost(), stream.getAuthContext()];
    expect(seen).toEqual(['10.0.0.1:2', '/test.v1.Test/Get', 'test', {}]);
  });

  it('sends metadata when it is told to, before any message', () => {
    const { stream, sent, headers } = streamOf();
    stream.sendMetadata(trailersOf({ shard: '7' }));
    expect(sent).toEqual(['headers']);
    expect(headers[0]?.[0]?.getMap()).toEqual({ shard: '7' });
  });
});

it('takes metadata of any copy of grpc-js for that, and nothing that claims it', () => {
  const like = { toHttp2Headers: () => ({}) };
  expect([new Metadata(), like, { ...like, get: 1 }, {}, null, 'text'].map(isMetadata)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

function throwing(): never {
  throw broken;
}
