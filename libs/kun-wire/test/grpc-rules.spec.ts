import { deflateSync, gunzipSync, gzip, gzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../src/frames/error-code.js';
import type { Metadata } from '../src/server/response-fields.js';
import { data, END, END_HEADERS, message, REQUEST, reset, type Fields } from './raw-peer.js';
import { ServedPeer, silent } from './served-peer.js';

const replaced = (name: string, value: string): Fields =>
  REQUEST.map(([key, old]) => [key, key === name ? value : old] as const);
const withField = (...fields: Fields): Fields => [...REQUEST, ...fields];
const without = (name: string): Fields => REQUEST.filter(([key]) => key !== name);

/** The response to one request, as one list of fields per HEADERS frame. */
async function answerTo(fields: Fields, body = message('hi'), flags = END): Promise<ServedPeer> {
  const peer = new ServedPeer().greet();
  peer.send(peer.headers(1, fields), data(1, body, flags));
  await peer.until((p) => p.heard(1).some((text) => text.includes('END')));
  return peer;
}

const valueOf = (peer: ServedPeer, name: string): string | undefined =>
  peer.lists
    .get(1)
    ?.at(-1)
    ?.find(([key]) => key === name)?.[1];

describe('the headers of a request', () => {
  it.each<[string, Fields, Record<string, string>]>([
    ['no content type', without('content-type'), { ':status': '415' }],
    ['another content type', replaced('content-type', 'application/json'), { ':status': '415' }],
    ['gRPC-Web', replaced('content-type', 'application/grpc-web'), { ':status': '415' }],
    ['GET', replaced(':method', 'GET'), { ':status': '405', allow: 'POST', 'grpc-status': '13' }],
    [
      'a timeout without a unit',
      withField(['grpc-timeout', '10']),
      { ':status': '200', 'grpc-status': '13' },
    ],
    ['a timeout of nine digits', withField(['grpc-timeout', '123456789S']), { 'grpc-status': '13' }],
    ['a negative timeout', withField(['grpc-timeout', '-1S']), { 'grpc-status': '13' }],
    ['an empty timeout', withField(['grpc-timeout', '']), { 'grpc-status': '13' }],
    [
      'an unknown encoding',
      withField(['grpc-encoding', 'br']),
      { 'grpc-status': '12', 'grpc-accept-encoding': 'identity,deflate,gzip' },
    ],
    [
      'too many bytes of headers',
      withField(...Array.from({ length: 36 }, (_, n) => [`x-${n}`, 'y'.repeat(430)] as const)),
      { ':status': '200', 'grpc-status': '8' },
    ],
    [
      'too many headers',
      withField(...Array.from({ length: 130 }, (_, n) => [`x-${n}`, ''] as const)),
      { 'grpc-status': '8' },
    ],
  ])(
    'lead to a refusal for %s, in one HEADERS frame, and are reported to the server',
    async (_, fields, answer) => {
      const peer = await answerTo(fields);
      expect(Object.fromEntries(peer.lists.get(1)?.[0] ?? [])).toMatchObject(answer);
      expect(peer.heard(1)).toEqual(['HEADERS END', 'RST 0']);
      expect(peer.last.call.refusal).toBeDefined();
      expect(peer.last.messages).toEqual([]);
      await peer.settle();
      expect(peer.last.ends).toMatchObject([{ how: 'status', code: Number(answer['grpc-status'] ?? 2) }]);
    },
  );

  it.each<[string, Fields]>([
    ['application/grpc+proto', replaced('content-type', 'application/grpc+proto')],
    [
      'a content type with parameters and upper-case letters',
      replaced('content-type', 'Application/GRPC;charset=utf-8'),
    ],
    ['no te, which callers send and proxies drop', without('te')],
    ['the longest timeout', withField(['grpc-timeout', '99999999H'])],
    ['identity', withField(['grpc-encoding', 'identity'])],
  ])('are accepted with %s', async (_, fields) => {
    const peer = await answerTo(fields);
    expect(peer.heard(1)).toEqual(['HEADERS', 'DATA 7', 'HEADERS END']);
    expect(valueOf(peer, 'grpc-status')).toBe('0');
  });

  it('are available to the handler', async () => {
    const fields = withField(
      ['x-a', '1'],
      ['x-b-bin', 'AQI,Aw=='],
      ['x-a', '2'],
      ['x-b-bin', 'BAU='],
      ['grpc-timeout', '2S'],
    );
    const peer = await answerTo(fields);
    const { call } = peer.last;
    expect(call.path).toBe('/test.Service/Method');
    expect(call.authority).toBe('test');
    expect(call.deadline).toBe(peer.clock.now() + 2000);
    expect(call.headers.getAll('x-a')).toEqual(['1', '2']);
    expect(call.headers.get('x-a')).toBe('1');
    expect(call.headers.get('x-c')).toBeUndefined();
    expect(call.headers.getBinary('x-b-bin')).toEqual([Buffer.of(1, 2), Buffer.of(3), Buffer.of(4, 5)]);
    expect([...call.headers].map(([name]) => name)).toEqual([
      'content-type',
      'te',
      ...fields.slice(6).map(([name]) => name),
    ]);
    expect(call.headers.size).toBe(7);
  });
});

describe('the messages of a request', () => {
  it.each<[string, Fields, Buffer, string]>([
    ['a compressed flag without an encoding', REQUEST, message('hi', 1), '13'],
    ['a compressed flag with identity', withField(['grpc-encoding', 'identity']), message('hi', 1), '13'],
    ['unknown flags', REQUEST, message('hi', 2), '13'],
    ['a truncated message', REQUEST, message('hello').subarray(0, 7), '13'],
    ['a truncated prefix', REQUEST, message('hello').subarray(0, 3), '13'],
    ['invalid gzip', withField(['grpc-encoding', 'gzip']), message('nonsense', 1), '13'],
    [
      'truncated gzip',
      withField(['grpc-encoding', 'gzip']),
      message(gzipSync(Buffer.alloc(1000, 7)).subarray(0, 15), 1),
      '13',
    ],
    ['a message larger than allowed', REQUEST, Buffer.of(0, 0, 0x40, 0, 1), '8'],
    ['a message of 4 GiB', REQUEST, Buffer.of(0, 0xff, 0xff, 0xff, 0xff), '8'],
    [
      'a message that is too large when decompressed',
      withField(['grpc-encoding', 'gzip']),
      message(gzipSync(Buffer.alloc(4 * 1024 * 1024 + 1)), 1),
      '8',
    ],
  ])('end the call for %s', async (_, fields, body, status) => {
    const peer = await answerTo(fields, body);
    expect(valueOf(peer, 'grpc-status')).toBe(status);
    expect(peer.last.answered?.code).toBe(Number(status));
    expect(peer.last.messages).toEqual([]);
    await peer.settle();
    expect(peer.last.ends).toHaveLength(1);
  });

  it.each<[string, Buffer]>([
    ['gzip', gzipSync('compressed text')],
    ['deflate', deflateSync('compressed text')],
  ])('are decompressed from %s, and may be uncompressed, too', async (encoding, compressed) => {
    const body = Buffer.concat([message(compressed, 1), message('plain'), message(compressed, 1)]);
    const peer = await answerTo(withField(['grpc-encoding', encoding]), body);
    expect(peer.last.messages.map(String)).toEqual(['compressed text', 'plain', 'compressed text']);
    expect(valueOf(peer, 'grpc-status')).toBe('0');
  });

  it('are decompressed in order, large ones among small ones', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, 'abc');
    const body = Buffer.concat([
      message(gzipSync(large), 1),
      message('between'),
      message(gzipSync(large), 1),
      message(gzipSync('small'), 1),
    ]);
    const peer = new ServedPeer().greet([[4, 2 ** 24]]);
    peer.send(peer.headers(1, withField(['grpc-encoding', 'gzip'])), data(1, body, END));
    await peer.until(({ calls }) => calls[0]?.halfClosed === true);
    expect(peer.last.messages.map(({ length }) => length)).toEqual([large.length, 7, large.length, 5]);
    expect(peer.last.messages[2]?.equals(large)).toBe(true);
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });

  it('may be empty, share a frame, and be split anywhere', async () => {
    const body = Buffer.concat([message(''), message('a'), message(''), message('bc'.repeat(50))]);
    for (let cut = 1; cut < body.length; cut += 3) {
      const peer = new ServedPeer().greet();
      peer.send(
        peer.headers(1),
        data(1, body.subarray(0, cut)),
        data(1, body.subarray(cut)),
        data(1, [], END),
      );
      await peer.until((p) => p.heard(1).some((text) => text.includes('END')));
      expect(peer.last.messages.map(String)).toEqual(['', 'a', '', 'bc'.repeat(50)]);
    }
  });

  it('may be missing', async () => {
    const peer = new ServedPeer().greet();
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.until((p) => p.heard(1).some((text) => text.includes('END')));
    expect(peer.last).toMatchObject({ messages: [], halfClosed: true });
  });
});

describe('a response', () => {
  async function answered(answer: (call: ServedPeer['last']['call']) => void): Promise<ServedPeer> {
    const peer = new ServedPeer({
      serve({ call }) {
        answer(call);
        return silent();
      },
    }).greet();
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.until((p) => p.heard(1).some((text) => text.includes('END')));
    return peer;
  }

  it('with only a status is one HEADERS frame', async () => {
    const peer = await answered((call) => call.sendStatus(5, 'not found'));
    expect(peer.heard(1)).toEqual(['HEADERS END']);
    expect(peer.lists.get(1)).toEqual([
      [
        [':status', '200'],
        ['content-type', 'application/grpc'],
        ['grpc-status', '5'],
        ['grpc-message', 'not found'],
      ],
    ]);
  });

  it('has headers, messages in shared frames, and trailers', async () => {
    const peer = await answered((call) => {
      call.sendHeaders([
        ['x-a', '1'],
        ['x-a', '2'],
      ]);
      call.sendHeaders([['x-late', 'dropped']]);
      call.sendMessage(Buffer.from('one'));
      call.sendMessage(Buffer.from('two'));
      call.sendStatus(0, '', [['x-t-bin', Buffer.of(255, 0)]]);
      call.sendStatus(13, 'dropped');
      call.sendMessage(Buffer.from('dropped'));
    });
    expect(peer.heard(1)).toEqual(['HEADERS', 'DATA 16', 'HEADERS END']);
    expect(peer.lists.get(1)?.map((list) => list.slice(-2))).toEqual([
      [
        ['x-a', '1'],
        ['x-a', '2'],
      ],
      [
        ['grpc-status', '0'],
        ['x-t-bin', '/wA'],
      ],
    ]);
  });

  it.each([
    ['non-ASCII characters, as UTF-8', 'naïve ☃', 'na%C3%AFve %E2%98%83'],
    ['a percent sign', '100% sure', '100%25 sure'],
    ['line breaks', 'a\r\nb', 'a%0D%0Ab'],
    ['printable characters, unchanged', 'a ~ b!', 'a ~ b!'],
  ])('encodes in its message %s', async (_, text, coded) => {
    const peer = await answered((call) => call.sendStatus(3, text));
    expect(valueOf(peer, 'grpc-message')).toBe(coded);
  });

  it.each<[string, Metadata]>([
    ['a capital', [['X-A', '1']]],
    ['a pseudo-header', [[':status', '1']]],
    ['a connection-specific field', [['connection', 'close']]],
    ['a line break', [['x', 'a\nb']]],
    ['a trailing space', [['x', 'a ']]],
    ['a character beyond Latin-1', [['x', '☃']]],
    ['bytes without -bin', [['x', Buffer.of(1)]]],
  ])('refuses headers with %s, and can then be ended otherwise', async (_, metadata) => {
    const peer = await answered((call) => {
      expect(() => call.sendHeaders(metadata)).toThrow(TypeError);
      expect(() => call.sendStatus(0, '', metadata)).toThrow(TypeError);
      call.sendStatus(0);
    });
    expect(valueOf(peer, 'grpc-status')).toBe('0');
  });

  it('with more headers than fit a frame continues in CONTINUATION', async () => {
    const metadata = Array.from({ length: 40 }, (_, index) => [`x-${index}`, 'v'.repeat(1000)] as const);
    const peer = new ServedPeer({
      serve({ call }) {
        call.sendStatus(0, '', metadata);
        return silent();
      },
    });
    // Read by hand: the peer's decoder requires complete blocks.
    peer.near.removeAllListeners('data');
    const received: Buffer[] = [];
    peer.near.on('data', (chunk: Buffer) => received.push(chunk));
    peer.greet();
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.turn();
    const bytes = Buffer.concat(received);
    const seen: Array<readonly [type: number, flags: number, length: number]> = [];
    for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
      seen.push([bytes[at + 3] as number, bytes[at + 4] as number, bytes.readUIntBE(at, 3)]);
    }
    const blocks = seen.filter(([type]) => type === 1 || type === 9);
    expect(blocks.map(([type, flags]) => [type, flags])).toEqual([
      [1, 1],
      [9, 0],
      [9, 4],
    ]);
    expect(blocks.map(([, , length]) => length).slice(0, 2)).toEqual([16_384, 16_384]);
  });

  it.each<['gzip' | 'deflate', string, string | undefined]>([
    ['gzip', 'identity,gzip', 'gzip'],
    ['deflate', 'deflate', 'deflate'],
    ['gzip', 'identity', undefined],
  ])('is compressed with %s for a caller that accepts %s', async (encoding, accepted, used) => {
    const long = Buffer.alloc(5000, 'abc');
    const peer = new ServedPeer({
      serve({ call }) {
        call.sendHeaders([['x', 'y']], encoding);
        call.sendMessage(Buffer.from('short'));
        call.sendMessage(long);
        call.sendMessage(Buffer.from('behind'));
        call.sendStatus(0);
        return silent();
      },
    }).greet();
    peer.send(peer.headers(1, withField(['grpc-accept-encoding', accepted]), END_HEADERS | END));
    await peer.until((p) => p.lists.get(1)?.length === 2);
    expect(Object.fromEntries(peer.lists.get(1)?.[0] ?? [])['grpc-encoding']).toBe(used);
    const body = Buffer.concat(peer.frames.filter(({ type }) => type === 0).map(({ payload }) => payload));
    const messages: Buffer[] = [];
    for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) {
      const bytes = body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1));
      messages.push(body[at] === 1 ? (encoding === 'gzip' ? gunzipSync(bytes) : inflateSync(bytes)) : bytes);
    }
    expect(messages.map(({ length }) => length)).toEqual([5, 5000, 6]);
    expect(messages[1]?.equals(long)).toBe(true);
    expect(body.length < 1000).toBe(used !== undefined);
    expect(peer.process.unsent.usedBytes).toBe(0);
  });

  it('that is being compressed when its call ends is dropped', async () => {
    const peer = new ServedPeer({
      serve({ call }) {
        call.sendHeaders(undefined, 'gzip');
        call.sendMessage(Buffer.alloc(500_000, 'abc'));
        call.reset(ErrorCode.CANCEL);
        return silent();
      },
    }).greet();
    peer.send(peer.headers(1, withField(['grpc-accept-encoding', 'gzip'])));
    await peer.settle();
    await new Promise((resolve) => gzip(Buffer.alloc(500_000), resolve));
    expect(peer.heard(1)).toEqual(['HEADERS', 'RST 8']);
    expect(peer.process.unsent.usedBytes).toBe(0);
  });

  it('before the end of the request is followed by RST_STREAM without an error', async () => {
    const peer = new ServedPeer({
      serve({ call }) {
        call.sendStatus(7, 'no');
        return silent();
      },
    }).greet();
    peer.send(peer.headers(1), data(1, message('ignored'), END), reset(1));
    await peer.settle();
    expect(peer.heard(1)).toEqual(['HEADERS END', 'RST 0']);
    expect(peer.last.ends).toEqual([{ how: 'status', code: 7, message: 'no' }]);
  });

  it('can be a reset', async () => {
    const peer = new ServedPeer({
      serve({ call }) {
        call.reset(ErrorCode.INTERNAL_ERROR);
        call.sendStatus(0);
        expect(call.writable).toBe(false);
        return silent();
      },
    }).greet();
    peer.send(peer.headers(1));
    await peer.settle();
    expect(peer.heard(1)).toEqual(['RST 2']);
  });
});

describe('a deadline', () => {
  it('answers for a handler that does not, and notifies it', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    peer.send(peer.headers(1, withField(['grpc-timeout', '50m'])));
    await peer.until(({ calls }) => calls.length === 1);
    peer.clock.advance(49);
    await peer.settle();
    expect(peer.last.answered).toBeUndefined();
    peer.clock.advance(1);
    await peer.until((p) => p.heard(1).length > 1);
    expect(valueOf(peer, 'grpc-status')).toBe('4');
    expect(peer.last.answered).toEqual({ code: 4, message: 'the deadline has passed' });
    await peer.settle();
    expect(peer.last.ends).toEqual([{ how: 'status', code: 4, message: 'the deadline has passed' }]);
  });

  it('of zero has passed', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    peer.send(peer.headers(1, withField(['grpc-timeout', '0n'])));
    await peer.until(({ calls }) => calls.length === 1);
    peer.clock.advance(0);
    await peer.until((p) => p.heard(1).length > 0);
    expect(valueOf(peer, 'grpc-status')).toBe('4');
  });

  it('is cancelled with its call', async () => {
    const peer = new ServedPeer().greet();
    const before = peer.clock.pending;
    peer.send(peer.call(1, 'hi', withField(['grpc-timeout', '1S'])));
    await peer.until((p) => p.lists.get(1)?.length === 2);
    peer.clock.advance(5000);
    await peer.settle();
    expect(peer.last.ends).toEqual([{ how: 'status', code: 0, message: '' }]);
    expect(peer.clock.pending).toBeLessThanOrEqual(before);
  });
});
