import { describe, expect, it } from 'vitest';
import { ErrorCode, errorCodeName } from '../src/frames/error-code.js';
import {
  data,
  END,
  END_HEADERS,
  frame,
  message,
  ping,
  PREFACE,
  REQUEST,
  reset,
  settings,
  settingsAck,
  uint32,
  windowUpdate,
  type Fields,
} from './raw-peer.js';
import { echo, ServedPeer, silent } from './served-peer.js';

/** The outcome of violating a rule. */
type Outcome =
  | { readonly connection: number }
  | { readonly stream: number; readonly code: number }
  /** None: the connection continues as before. */
  | 'allowed';

type Rule = readonly [section: string, what: string, sent: (peer: ServedPeer) => Buffer[], outcome: Outcome];

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, COMPRESSION_ERROR } = ErrorCode;
const connection = (code: number): Outcome => ({ connection: code });
const stream = (code: number, id = 1): Outcome => ({ stream: id, code });

const PADDED = 8;
const PRIORITY = 32;
const MAX = 2 ** 31 - 1;

const without = (name: string): Fields => REQUEST.filter(([key]) => key !== name);
const withField = (...fields: Fields): Fields => [...REQUEST, ...fields];
const replaced = (name: string, value: string): Fields =>
  REQUEST.map(([key, old]) => [key, key === name ? value : old] as const);
/** A call that is never answered. */
const HOLD = replaced(':path', '/test.Service/Hold');
const hold = (peer: ServedPeer, id = 1, flags = END_HEADERS) => peer.headers(id, HOLD, flags);
const heldHalf = (peer: ServedPeer, id = 1) => hold(peer, id, END_HEADERS | END);

/** RFC 9113; each row is a MUST, or for a MAY, what this implementation does. */
const HTTP2: readonly Rule[] = [
  // 4.1, 4.2: frames
  ['4.1', 'a frame of an unknown type is ignored', () => [frame(0x16, 0, 0, [1, 2, 3])], 'allowed'],
  [
    '4.1',
    'a frame of an unknown type on a stream is ignored',
    (p) => [hold(p), frame(0xff, 0xff, 1, [1])],
    'allowed',
  ],
  ['4.1', 'unknown flags are ignored', () => [ping(0xf0)], 'allowed'],
  ['4.1', 'the reserved bit is ignored', () => [frame(6, 0, 0x8000_0000, Buffer.alloc(8))], 'allowed'],
  [
    '4.2',
    'a DATA frame of the largest size',
    (p) => [p.headers(1, HOLD), data(1, Buffer.alloc(16_384))],
    'allowed',
  ],
  [
    '4.2',
    'a DATA frame larger than allowed',
    (p) => [hold(p), data(1, Buffer.alloc(16_385))],
    connection(FRAME_SIZE_ERROR),
  ],
  [
    '4.2',
    'a HEADERS frame larger than allowed',
    () => [frame(1, END_HEADERS, 1, Buffer.alloc(16_385))],
    connection(FRAME_SIZE_ERROR),
  ],
  [
    '4.2',
    'an unknown frame larger than allowed',
    () => [frame(0x20, 0, 0, Buffer.alloc(16_385))],
    connection(FRAME_SIZE_ERROR),
  ],
  // 4.3: header blocks
  [
    '4.3',
    'a malformed header block',
    () => [frame(1, END_HEADERS, 1, [0x80])],
    connection(COMPRESSION_ERROR),
  ],
  [
    '4.3',
    'a malformed header block, on a stream that was reset',
    (p) => [hold(p), reset(1), frame(1, 5, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    connection(COMPRESSION_ERROR),
  ],
  [
    '4.3',
    'a block interrupted by a frame of its stream',
    (p) => [p.headers(1, REQUEST, 0), data(1, message('a'))],
    connection(PROTOCOL_ERROR),
  ],
  [
    '4.3',
    'a block interrupted by another stream',
    (p) => [p.headers(1, REQUEST, 0), p.headers(3)],
    connection(PROTOCOL_ERROR),
  ],
  [
    '4.3',
    'a block interrupted by PING',
    (p) => [p.headers(1, REQUEST, 0), ping()],
    connection(PROTOCOL_ERROR),
  ],
  [
    '5.5',
    'a block interrupted by an unknown frame',
    (p) => [p.headers(1, REQUEST, 0), frame(0x30, 0, 1)],
    connection(PROTOCOL_ERROR),
  ],
  [
    '6.10',
    'a block interrupted by CONTINUATION of another stream',
    (p) => [p.headers(1, REQUEST, 0), frame(9, END_HEADERS, 3)],
    connection(PROTOCOL_ERROR),
  ],
  // 5.1: stream states
  ['5.1', 'DATA on an idle stream', () => [data(1, message('a'))], connection(PROTOCOL_ERROR)],
  ['5.1', 'RST_STREAM on an idle stream', () => [reset(1)], connection(PROTOCOL_ERROR)],
  ['5.1', 'WINDOW_UPDATE on an idle stream', () => [windowUpdate(1, 1)], connection(PROTOCOL_ERROR)],
  ['5.1', 'PRIORITY on an idle stream', () => [frame(2, 0, 7, Buffer.alloc(5))], 'allowed'],
  ['5.1', 'DATA on a half-closed stream', (p) => [heldHalf(p), data(1, message('a'))], stream(STREAM_CLOSED)],
  [
    '5.1',
    'HEADERS on a half-closed stream',
    (p) => [heldHalf(p), p.headers(1, [['a', 'b']], 5)],
    stream(STREAM_CLOSED),
  ],
  [
    '5.1',
    'WINDOW_UPDATE, PRIORITY and RST_STREAM on a half-closed stream',
    (p) => [heldHalf(p), windowUpdate(1, 9), frame(2, 0, 1, Buffer.alloc(5)), reset(1)],
    'allowed',
  ],
  [
    '5.1',
    'DATA after RST_STREAM of the peer',
    (p) => [hold(p), reset(1), data(1, message('a'))],
    stream(STREAM_CLOSED),
  ],
  [
    '5.1',
    'HEADERS after RST_STREAM of the peer',
    (p) => [hold(p), reset(1), p.headers(1, [['a', 'b']], 5)],
    stream(STREAM_CLOSED),
  ],
  [
    '5.1',
    'WINDOW_UPDATE, PRIORITY and RST_STREAM after RST_STREAM',
    (p) => [hold(p), reset(1), windowUpdate(1, 1), frame(2, 0, 1, Buffer.alloc(5)), reset(1)],
    'allowed',
  ],
  // 5.1.1: stream ids
  ['5.1.1', 'a stream with an even id', (p) => [p.headers(2)], connection(PROTOCOL_ERROR)],
  [
    '5.1.1',
    'a stream whose id is smaller than the last',
    (p) => [hold(p, 5), p.headers(3)],
    connection(PROTOCOL_ERROR),
  ],
  ['5.1.1', 'ids may be skipped', (p) => [hold(p, 5), hold(p, 99)], 'allowed'],
  // 5.3: priorities are deprecated
  [
    '5.3.2',
    'a stream that depends on itself',
    (p) => [frame(1, END_HEADERS | PRIORITY, 1, Buffer.concat([uint32(1), Buffer.of(5), p.block(HOLD)]))],
    'allowed',
  ],
  // 6.1: DATA
  ['6.1', 'DATA without a stream', () => [data(0, message('a'))], connection(PROTOCOL_ERROR)],
  [
    '6.1',
    'DATA with padding as long as the frame',
    (p) => [hold(p), data(1, [5, 0, 0, 0, 0], PADDED)],
    connection(PROTOCOL_ERROR),
  ],
  ['6.1', 'DATA consisting of padding', (p) => [hold(p), data(1, [4, 0, 0, 0, 0], PADDED)], 'allowed'],
  [
    '6.1',
    'DATA with no room for the length of its padding',
    (p) => [hold(p), data(1, [], PADDED)],
    connection(FRAME_SIZE_ERROR),
  ],
  // 6.2: HEADERS
  ['6.2', 'HEADERS without a stream', (p) => [p.headers(0)], connection(PROTOCOL_ERROR)],
  [
    '6.2',
    'HEADERS with padding longer than the frame',
    () => [frame(1, END_HEADERS | PADDED, 1, [9, 0x82, 0x86])],
    connection(PROTOCOL_ERROR),
  ],
  [
    '6.2',
    'HEADERS with padding and priority',
    (p) => [
      frame(
        1,
        END_HEADERS | PADDED | PRIORITY,
        1,
        Buffer.concat([Buffer.of(3), uint32(0), Buffer.of(1), p.block(HOLD), Buffer.alloc(3)]),
      ),
    ],
    'allowed',
  ],
  [
    '6.2',
    'HEADERS too short for its priority',
    () => [frame(1, END_HEADERS | PRIORITY, 1, [0, 0, 0])],
    connection(FRAME_SIZE_ERROR),
  ],
  // 6.3: PRIORITY
  ['6.3', 'PRIORITY without a stream', () => [frame(2, 0, 0, Buffer.alloc(5))], connection(PROTOCOL_ERROR)],
  [
    '6.3',
    'PRIORITY with a wrong length',
    (p) => [hold(p), frame(2, 0, 1, Buffer.alloc(4))],
    stream(FRAME_SIZE_ERROR),
  ],
  [
    '6.3',
    'PRIORITY with a wrong length on an idle stream',
    () => [frame(2, 0, 1, Buffer.alloc(6))],
    connection(FRAME_SIZE_ERROR),
  ],
  // 6.4: RST_STREAM
  ['6.4', 'RST_STREAM without a stream', () => [reset(0)], connection(PROTOCOL_ERROR)],
  [
    '6.4',
    'RST_STREAM with a wrong length',
    (p) => [hold(p), frame(3, 0, 1, Buffer.alloc(3))],
    connection(FRAME_SIZE_ERROR),
  ],
  // 6.5: SETTINGS
  ['6.5', 'SETTINGS on a stream', (p) => [hold(p), frame(4, 0, 1)], connection(PROTOCOL_ERROR)],
  [
    '6.5',
    'SETTINGS with a wrong length',
    () => [frame(4, 0, 0, [0, 1, 0, 0, 0])],
    connection(FRAME_SIZE_ERROR),
  ],
  [
    '6.5',
    'an acknowledgement with a payload',
    () => [frame(4, 1, 0, Buffer.alloc(6))],
    connection(FRAME_SIZE_ERROR),
  ],
  ['6.5.2', 'ENABLE_PUSH of 2', () => [settings([[2, 2]])], connection(PROTOCOL_ERROR)],
  [
    '6.5.2',
    'INITIAL_WINDOW_SIZE beyond 2^31-1',
    () => [settings([[4, 2 ** 31]])],
    connection(FLOW_CONTROL_ERROR),
  ],
  ['6.5.2', 'MAX_FRAME_SIZE below 2^14', () => [settings([[5, 16_383]])], connection(PROTOCOL_ERROR)],
  ['6.5.2', 'MAX_FRAME_SIZE beyond 2^24-1', () => [settings([[5, 2 ** 24]])], connection(PROTOCOL_ERROR)],
  ['6.5.2', 'an unknown setting', () => [settings([[0x99, 7]])], 'allowed'],
  [
    '6.5.3',
    'settings are applied in order, the last of equal ones counts',
    () => [
      settings([
        [4, 1],
        [4, 65_535],
      ]),
    ],
    'allowed',
  ],
  // 6.6: PUSH_PROMISE
  [
    '6.6',
    'PUSH_PROMISE of a client',
    (p) => [hold(p), frame(5, END_HEADERS, 1, Buffer.concat([uint32(2), p.block()]))],
    connection(PROTOCOL_ERROR),
  ],
  // 6.7: PING
  ['6.7', 'PING on a stream', (p) => [hold(p), frame(6, 0, 1, Buffer.alloc(8))], connection(PROTOCOL_ERROR)],
  ['6.7', 'PING with a wrong length', () => [frame(6, 0, 0, Buffer.alloc(7))], connection(FRAME_SIZE_ERROR)],
  ['6.7', 'an unsolicited acknowledgement', () => [ping(1)], 'allowed'],
  // 6.8: GOAWAY
  [
    '6.8',
    'GOAWAY on a stream',
    (p) => [hold(p), frame(7, 0, 1, Buffer.alloc(8))],
    connection(PROTOCOL_ERROR),
  ],
  [
    '6.8',
    'GOAWAY with a wrong length',
    () => [frame(7, 0, 0, Buffer.alloc(7))],
    connection(FRAME_SIZE_ERROR),
  ],
  // 6.9: WINDOW_UPDATE
  ['6.9', 'WINDOW_UPDATE by 0', () => [windowUpdate(0, 0)], connection(PROTOCOL_ERROR)],
  ['6.9', 'WINDOW_UPDATE of a stream by 0', (p) => [hold(p), windowUpdate(1, 0)], stream(PROTOCOL_ERROR)],
  [
    '6.9',
    'WINDOW_UPDATE with a wrong length',
    (p) => [hold(p), frame(8, 0, 1, Buffer.alloc(3))],
    connection(FRAME_SIZE_ERROR),
  ],
  [
    '6.9.1',
    'a window of the connection beyond 2^31-1',
    () => [windowUpdate(0, MAX)],
    connection(FLOW_CONTROL_ERROR),
  ],
  [
    '6.9.1',
    'a window of a stream beyond 2^31-1',
    (p) => [hold(p), windowUpdate(1, MAX)],
    stream(FLOW_CONTROL_ERROR),
  ],
  [
    '6.9.1',
    'more DATA than a stream allows',
    (p) => [hold(p), ...Array.from({ length: 17 }, () => data(1, Buffer.alloc(16_384)))],
    stream(FLOW_CONTROL_ERROR),
  ],
  [
    '6.9.2',
    'settings that make a window larger than 2^31-1',
    (p) => [hold(p), windowUpdate(1, MAX - 65_535), settings([[4, 65_536]])],
    connection(FLOW_CONTROL_ERROR),
  ],
  // 6.10: CONTINUATION
  ['6.10', 'CONTINUATION without HEADERS', () => [frame(9, END_HEADERS, 1)], connection(PROTOCOL_ERROR)],
  [
    '6.10',
    'CONTINUATION after the end of a block',
    (p) => [hold(p), frame(9, END_HEADERS, 1)],
    connection(PROTOCOL_ERROR),
  ],
  [
    '6.10',
    'a block in three frames',
    (p) => {
      const block = p.block(HOLD);
      return [
        frame(1, 0, 1, block.subarray(0, 1)),
        frame(9, 0, 1, block.subarray(1, 20)),
        frame(9, END_HEADERS, 1, block.subarray(20)),
      ];
    },
    'allowed',
  ],
  // 8.1: messages
  [
    '8.1',
    'a second header block that does not end the stream',
    (p) => [hold(p), p.headers(1, [['a', 'b']])],
    stream(PROTOCOL_ERROR),
  ],
  ['8.1', 'trailers of a request', (p) => [hold(p), p.headers(1, [['a', 'b']], 5)], 'allowed'],
  [
    '8.1',
    'a pseudo-header among trailers',
    (p) => [hold(p), p.headers(1, [[':method', 'POST']], 5)],
    stream(PROTOCOL_ERROR),
  ],
  [
    '8.1.1',
    'more DATA than content-length says',
    (p) => [p.headers(1, [...HOLD, ['content-length', '3']]), data(1, message('abc'))],
    stream(PROTOCOL_ERROR),
  ],
  [
    '8.1.1',
    'less DATA than content-length says',
    (p) => [p.headers(1, [...HOLD, ['content-length', '99']]), data(1, message('abc'), END)],
    stream(PROTOCOL_ERROR),
  ],
  [
    '8.1.1',
    'no DATA despite a content-length',
    (p) => [p.headers(1, [...HOLD, ['content-length', '1']], 5)],
    stream(PROTOCOL_ERROR),
  ],
  [
    '8.1.1',
    'a correct content-length, not counting padding',
    (p) => [
      p.headers(1, [...HOLD, ['content-length', '8']]),
      data(1, Buffer.concat([Buffer.of(2), message('abc'), Buffer.alloc(2)]), END | PADDED),
    ],
    'allowed',
  ],
  [
    '8.1.1',
    'a content-length that is not a number',
    (p) => [p.headers(1, withField(['content-length', '-1']))],
    stream(PROTOCOL_ERROR),
  ],
  [
    '8.1.1',
    'two lengths',
    (p) => [p.headers(1, withField(['content-length', '1'], ['content-length', '2']))],
    stream(PROTOCOL_ERROR),
  ],
  // 8.2.1: fields
  [
    '8.2.1',
    'upper-case letters in a name',
    (p) => [p.headers(1, withField(['X-Id', '1']))],
    stream(PROTOCOL_ERROR),
  ],
  ['8.2.1', 'a space in a name', (p) => [p.headers(1, withField(['x id', '1']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'a colon within a name', (p) => [p.headers(1, withField(['x:id', '1']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'an empty name', (p) => [p.headers(1, withField(['', '1']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'DEL in a name', (p) => [p.headers(1, withField(['x\x7f', '1']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'a name beyond ASCII', (p) => [p.headers(1, withField(['x\xe9', '1']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'NUL in a value', (p) => [p.headers(1, withField(['x', 'a\0b']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'CR in a value', (p) => [p.headers(1, withField(['x', 'a\rb']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'LF in a value', (p) => [p.headers(1, withField(['x', 'a\nb']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'a space before a value', (p) => [p.headers(1, withField(['x', ' a']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'a tab after a value', (p) => [p.headers(1, withField(['x', 'a\t']))], stream(PROTOCOL_ERROR)],
  ['8.2.1', 'a value beyond ASCII', (p) => [p.headers(1, [...HOLD, ['x', '\xe9']])], 'allowed'],
  [
    '8.2.1',
    'a malformed field from the table',
    (p) => [p.headers(1, withField(['x', 'a\nb'])), p.headers(3, withField(['x', 'a\nb']))],
    stream(PROTOCOL_ERROR, 3),
  ],
  // 8.2.2: connection-specific fields
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'].map((name): Rule => [
    '8.2.2',
    name,
    (p) => [p.headers(1, withField([name, 'x']))],
    stream(PROTOCOL_ERROR),
  ]),
  [
    '8.2.2',
    'te with a value other than trailers',
    (p) => [p.headers(1, replaced('te', 'trailers, deflate'))],
    stream(PROTOCOL_ERROR),
  ],
  // 8.3: pseudo-headers
  [
    '8.3',
    'an unknown pseudo-header',
    (p) => [p.headers(1, [[':a', 'b'], ...REQUEST])],
    stream(PROTOCOL_ERROR),
  ],
  [
    '8.3',
    'a pseudo-header of responses',
    (p) => [p.headers(1, [[':status', '200'], ...REQUEST])],
    stream(PROTOCOL_ERROR),
  ],
  [
    '8.3',
    'a pseudo-header after a field',
    (p) => [p.headers(1, [...without(':path'), [':path', '/a']])],
    stream(PROTOCOL_ERROR),
  ],
  ...[':method', ':scheme', ':path', ':authority'].map((name): Rule => [
    '8.3',
    `${name} twice`,
    (p) => [p.headers(1, [[name, 'x'], ...REQUEST])],
    stream(PROTOCOL_ERROR),
  ]),
  ...[':method', ':scheme', ':path'].map((name): Rule => [
    '8.3.1',
    `no ${name}`,
    (p) => [p.headers(1, without(name))],
    stream(PROTOCOL_ERROR),
  ]),
  ['8.3.1', 'an empty :path', (p) => [p.headers(1, replaced(':path', ''))], stream(PROTOCOL_ERROR)],
  [
    '8.3.1',
    'host different from :authority',
    (p) => [p.headers(1, withField(['host', 'other']))],
    stream(PROTOCOL_ERROR),
  ],
  ['8.3.1', 'host equal to :authority', (p) => [p.headers(1, [...HOLD, ['host', 'test']])], 'allowed'],
  [
    '8.3.1',
    'no :authority',
    (p) => [
      p.headers(
        1,
        HOLD.filter(([key]) => key !== ':authority'),
      ),
    ],
    'allowed',
  ],
  // RFC 7541 on a connection
  [
    '7541 2.3.3',
    'an index beyond the tables',
    () => [frame(1, 5, 1, [0xff, 0x80, 0x01])],
    connection(COMPRESSION_ERROR),
  ],
  [
    '7541 4.2',
    'a size update after a field',
    () => [frame(1, 5, 1, [0x82, 0x20])],
    connection(COMPRESSION_ERROR),
  ],
  [
    '7541 5.2',
    'Huffman padded beyond seven bits',
    () => [frame(1, 5, 1, [0x00, 0x82, 0xff, 0xff, 0x00])],
    connection(COMPRESSION_ERROR),
  ],
  ['7541 6.1', 'index 0', () => [frame(1, 5, 1, [0x80])], connection(COMPRESSION_ERROR)],
  [
    '7541 6.3',
    'a table larger than allowed',
    () => [frame(1, 5, 1, [0x3f, 0xe2, 0x1f])],
    connection(COMPRESSION_ERROR),
  ],
];

function served(): ServedPeer {
  return new ServedPeer({
    serve: (seen) => (seen.call.path === '/test.Service/Hold' ? silent() : echo(seen)),
  });
}

/** Checks that the connection still serves, with tables and windows in sync. */
async function stillServes(peer: ServedPeer): Promise<void> {
  peer.send(peer.call(1001, 'still here'));
  await peer.until(({ lists }) => lists.get(1001)?.length === 2);
  expect(peer.lists.get(1001)?.at(-1)).toEqual([['grpc-status', '0']]);
}

async function expectOutcome(peer: ServedPeer, outcome: Outcome): Promise<void> {
  if (outcome === 'allowed') {
    await stillServes(peer);
    expect(peer.frames.filter(({ type }) => type === 3 || type === 7)).toEqual([]);
  } else if ('connection' in outcome) {
    await peer.until(({ closed }) => closed);
    const [last] = peer.heard(0).map((text) => Number(text.split(' ')[2]));
    expect(errorCodeName(last ?? -1)).toBe(errorCodeName(outcome.connection));
    for (const { ends } of peer.calls) expect(ends).toHaveLength(1);
  } else {
    await peer.until((p) => p.heard(outcome.stream).some((text) => text.startsWith('RST')));
    const resets = peer.heard(outcome.stream).filter((text) => text.startsWith('RST'));
    expect(resets).toEqual([`RST ${outcome.code}`]);
    await stillServes(peer);
  }
}

describe('RFC 9113', () => {
  it.each(HTTP2)('%s: %s', async (_section, _what, sent, outcome) => {
    const peer = served().greet();
    peer.send(...sent(peer));
    await expectOutcome(peer, outcome);
  });

  it.each(HTTP2)('%s: %s, byte by byte', async (_section, _what, sent, outcome) => {
    const peer = served().greet();
    for (const byte of Buffer.concat(sent(peer))) peer.near.write(Buffer.of(byte));
    await expectOutcome(peer, outcome);
  });
});

describe('RFC 9113, section 3.4: the preface', () => {
  it.each([
    ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a preface with a wrong byte', Buffer.from(PREFACE.replace('SM', 'SN'))],
    ['TLS', Buffer.from('16030100', 'hex')],
  ])('%s', async (_, bytes) => {
    const peer = new ServedPeer();
    peer.send(bytes);
    await expectOutcome(peer, connection(PROTOCOL_ERROR));
    expect(peer.refusals.map(({ reason }) => reason)).toEqual(['bad-preface']);
  });

  it.each([
    ['HEADERS', (p: ServedPeer) => p.headers(1)],
    ['PING', () => ping()],
    ['an acknowledgement of settings', () => settingsAck()],
  ])('%s before SETTINGS', async (_, first) => {
    const peer = new ServedPeer();
    peer.send(Buffer.from(PREFACE), first(peer));
    await expectOutcome(peer, connection(PROTOCOL_ERROR));
  });

  it('is answered with SETTINGS for the limits, and a connection window', async () => {
    const peer = new ServedPeer();
    await peer.until(({ frames }) => frames.length >= 2);
    expect(peer.frames.map(({ type, flags, stream: id }) => [type, flags, id])).toEqual([
      [4, 0, 0],
      [8, 0, 0],
    ]);
    const values = peer.frames[0]?.payload.toString('hex').match(/.{12}/g);
    expect(values).toEqual(['0003000003e8', '000400040000', '000600004000']);
    expect(peer.frames[1]?.payload.readUInt32BE(0)).toBe(4 * 1024 * 1024 - 65_535);
  });

  it('acknowledges SETTINGS, and PING with its payload, in order', async () => {
    const peer = new ServedPeer().greet();
    peer.send(settings([[4, 100_000]]), ping(0, Buffer.from('12345678')));
    await peer.until(({ frames }) => frames.some(({ type }) => type === 6));
    const [first, second, pong] = peer.frames.slice(2);
    expect([first?.type, first?.flags, first?.payload.length]).toEqual([4, 1, 0]);
    expect([second?.type, second?.flags]).toEqual([4, 1]);
    expect([pong?.flags, pong?.payload.toString()]).toEqual([1, '12345678']);
  });
});

describe('RFC 9113, section 5.1: frames for closed streams', () => {
  it('ignores DATA and trailers for a stream that the server has reset', async () => {
    const peer = served().greet();
    peer.send(hold(peer));
    await peer.until(({ calls }) => calls.length === 1);
    peer.calls[0]?.call.reset(ErrorCode.CANCEL);
    peer.send(data(1, message('late')), peer.headers(1, [['a', 'b']], 5), windowUpdate(1, 5), reset(1));
    await stillServes(peer);
    expect(peer.heard(1)).toEqual(['RST 8']);
    expect(peer.calls[0]?.ends).toEqual([{ how: 'reset', code: 8, by: 'self' }]);
  });

  it.each([
    ['DATA', () => data(1, message('a'))],
    ['HEADERS', (p: ServedPeer) => p.headers(1, [['a', 'b']], 5)],
  ])('ends the connection for %s on a stream that both sides have ended', async (_, late) => {
    const peer = served().greet();
    peer.send(peer.call(1));
    await peer.until(({ lists }) => lists.get(1)?.length === 2);
    peer.send(late(peer));
    await expectOutcome(peer, connection(STREAM_CLOSED));
  });

  it('accepts WINDOW_UPDATE, PRIORITY and RST_STREAM on such a stream', async () => {
    const peer = served().greet();
    peer.send(peer.call(1));
    await peer.until(({ lists }) => lists.get(1)?.length === 2);
    peer.send(windowUpdate(1, 1), frame(2, 0, 1, Buffer.alloc(5)), reset(1));
    await expectOutcome(peer, 'allowed');
  });

  it("counts DATA of such streams against the connection's window, and replenishes it", async () => {
    const peer = served().greet();
    peer.send(hold(peer));
    await peer.until(({ calls }) => calls.length === 1);
    peer.calls[0]?.call.reset(ErrorCode.CANCEL);
    for (let sent = 0; sent < 129; sent++) peer.send(data(1, Buffer.alloc(16_384)));
    await peer.settle();
    const granted = peer.frames.filter(({ type, stream: id }) => type === 8 && id === 0);
    expect(granted.length).toBeGreaterThan(1);
  });

  it('reports the end of a request only if no reset follows it in the same chunk', async () => {
    const peer = served().greet();
    peer.send(hold(peer), data(1, [], END), reset(1));
    await peer.settle();
    expect(peer.last.halfClosed).toBe(false);
    expect(peer.last.ends).toEqual([{ how: 'reset', code: 8, by: 'peer' }]);
  });
});
