import {
  block,
  data,
  END,
  END_HEADERS,
  frame,
  headers,
  message,
  ping,
  reset,
  settings,
  uint32,
  windowUpdate,
  type Fields,
} from './raw-peer.js';

const PATH = '/kun.test.v1.Kinds/Unary';
/** `{ text: 'hi' }` */
const NOTE = Buffer.from('0a026869', 'hex');

const base: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', PATH],
  [':authority', 'test'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];
const but = (name: string, value?: string): Fields =>
  base.flatMap((field) =>
    field[0] !== name ? [field] : value === undefined ? [] : [[name, value] as const],
  );
const and = (...more: Fields): Fields => [...base, ...more];
const body = (flags = 0): Buffer => data(1, message(NOTE, flags), END);

/** What a peer sends, as its first call on a connection, by what is told of it. */
export const RAW_CASES: Readonly<Record<string, () => readonly Buffer[]>> = {
  // Odd, and allowed.
  'a plain call': () => [headers(1, base), body()],
  'headers in three frames': () => {
    const whole = block(base);
    const [a, b, c] = [whole.subarray(0, 3), whole.subarray(3, 20), whole.subarray(20)];
    return [frame(1, 0, 1, a), frame(9, 0, 1, b), frame(9, END_HEADERS, 1, c), body()];
  },
  'padded frames': () => [
    frame(1, END_HEADERS | 8, 1, Buffer.concat([Buffer.of(3), block(base), Buffer.alloc(3)])),
    frame(0, END | 8, 1, Buffer.concat([Buffer.of(9), message(NOTE), Buffer.alloc(9)])),
  ],
  'headers with a priority': () => [
    frame(1, END_HEADERS | 32, 1, Buffer.concat([uint32(0), Buffer.of(15), block(base)])),
    body(),
  ],
  'a message byte by byte': () => [
    headers(1, base),
    ...Array.from(message(NOTE), (byte) => data(1, [byte])),
    data(1, [], END),
  ],
  'an empty DATA before the end': () => [
    headers(1, base),
    data(1, message(NOTE)),
    data(1, []),
    data(1, [], END),
  ],
  'trailers of a request': () => [
    headers(1, base),
    data(1, message(NOTE)),
    headers(1, [['x-trailer', 'a']], END | END_HEADERS),
  ],
  'a frame of an unknown type': () => [frame(0x77, 0xff, 0, [1, 2, 3]), headers(1, base), body()],
  'a setting that is unknown': () => [settings(0x99, 7), headers(1, base), body()],
  'a content type with a format': () => [headers(1, but('content-type', 'application/grpc+proto')), body()],
  'no te': () => [headers(1, but('te')), body()],
  'no authority': () => [headers(1, but(':authority')), body()],
  'a stream id that leaves some out': () => [headers(7, base), data(7, message(NOTE), END)],
  'an empty list of metadata': () => [headers(1, and(['x-empty', ''])), body()],
  // gRPC's rules.
  'no message': () => [headers(1, base, END | END_HEADERS)],
  'two messages': () => [headers(1, base), data(1, Buffer.concat([message(NOTE), message(NOTE)]), END)],
  'half a message': () => [headers(1, base), data(1, message(NOTE).subarray(0, 7), END)],
  'bytes that are no such message': () => [
    headers(1, base),
    data(1, message(Buffer.from([255, 255, 255])), END),
  ],
  'flags of a message that are unknown': () => [headers(1, base), body(2)],
  'a compressed message without an encoding': () => [headers(1, base), body(1)],
  'an encoding that is unknown': () => [headers(1, and(['grpc-encoding', 'br'])), body(1)],
  'a compressed message that is none': () => [headers(1, and(['grpc-encoding', 'gzip'])), body(1)],
  'another content type': () => [headers(1, but('content-type', 'application/json')), body()],
  'no content type': () => [headers(1, but('content-type')), body()],
  GET: () => [headers(1, but(':method', 'GET')), body()],
  'a timeout that is malformed': () => [headers(1, and(['grpc-timeout', 'soon'])), body()],
  'a timeout of nine digits': () => [headers(1, and(['grpc-timeout', '123456789S'])), body()],
  'a timeout of no time': () => [headers(1, and(['grpc-timeout', '0n'])), body()],
  'a method that is not served': () => [headers(1, but(':path', '/a.B/C')), body()],
  'a path without a slash': () => [headers(1, but(':path', 'nothing')), body()],
  'a message larger than MaxMsgSize': () => [
    headers(1, base),
    data(1, Buffer.concat([Buffer.of(0), uint32(1 << 30)])),
  ],
  'a binary value that is no base64': () => [headers(1, and(['x-a-bin', '%%%'])), body()],
  // HTTP/2's rules.
  'a name in capitals': () => [headers(1, and(['X-Name', 'a'])), body()],
  'a field of the connection': () => [headers(1, and(['connection', 'close'])), body()],
  'te other than trailers': () => [headers(1, but('te', 'gzip')), body()],
  'an unknown pseudo-header': () => [headers(1, [[':who', 'a'], ...base]), body()],
  'a pseudo-header behind the others': () => [headers(1, [...but(':path'), [':path', PATH]]), body()],
  'no path': () => [headers(1, but(':path')), body()],
  'a path twice': () => [headers(1, [[':path', PATH], ...base]), body()],
  'content-length that is too small': () => [headers(1, and(['content-length', '2'])), body()],
  'content-length that is too large': () => [headers(1, and(['content-length', '99'])), body()],
  'a value with a line break': () => [headers(1, and(['x-a', 'a\nb'])), body()],
  'an even stream id': () => [headers(2, base), data(2, message(NOTE), END)],
  'DATA on stream 0': () => [headers(1, base), data(0, [1])],
  'DATA on an idle stream': () => [data(1, [1])],
  'DATA after the end': () => [headers(1, base), body(), data(1, [1])],
  'HEADERS after the end': () => [headers(1, base), body(), headers(1, base)],
  'a stream id below the last': () => [headers(5, base), data(5, message(NOTE), END), headers(3, base)],
  'RST_STREAM on an idle stream': () => [reset(1)],
  'a WINDOW_UPDATE of zero': () => [headers(1, base), windowUpdate(1, 0)],
  'a window beyond its bounds': () => [headers(1, base), windowUpdate(1, 0x7fffffff)],
  'a window of the connection beyond its bounds': () => [windowUpdate(0, 0x7fffffff)],
  'a PING of seven bytes': () => [frame(6, 0, 0, Buffer.alloc(7))],
  'a PING on a stream': () => [frame(6, 0, 1, Buffer.alloc(8))],
  'an answer to no PING': () => [ping(1), headers(1, base), body()],
  'SETTINGS of five bytes': () => [frame(4, 0, 0, Buffer.alloc(5))],
  'a frame size out of bounds': () => [settings(5, 100)],
  'CONTINUATION without HEADERS': () => [frame(9, END_HEADERS, 1, [])],
  'another frame within headers': () => [frame(1, 0, 1, block(base)), ping()],
  'PUSH_PROMISE of a client': () => [headers(1, base), frame(5, END_HEADERS, 1, uint32(2))],
  'a header block that cannot be read': () => [
    frame(1, END_HEADERS, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  ],
};
