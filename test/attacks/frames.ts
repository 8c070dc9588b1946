/** Frames of HTTP/2 (RFC 9113, section 6) as an attacker writes them: nothing is checked, and lengths may lie. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = NOTHING): Buffer {
  const bytes = Buffer.allocUnsafe(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, 9);
  return bytes;
}

const NOTHING = Buffer.alloc(0);

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const Flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8 } as const;
export const INITIAL_WINDOW_SIZE = 4;

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function settings(pairs: ReadonlyArray<readonly [id: number, value: number]> = []): Buffer {
  const values = pairs.map(([id, value]) => Buffer.concat([Buffer.of(id >> 8, id & 255), uint32(value)]));
  return frame(4, 0, 0, Buffer.concat(values));
}

export const settingsAck = (): Buffer => frame(4, Flag.ack, 0);
export const ping = (): Buffer => frame(6, 0, 0, Buffer.alloc(8));
export const windowUpdate = (stream: number, increment: number): Buffer =>
  frame(8, 0, stream, uint32(increment));
export const reset = (stream: number): Buffer => frame(3, 0, stream, uint32(8));
export const data = (stream: number, payload: Buffer = NOTHING, flags = 0): Buffer =>
  frame(0, flags, stream, payload);
export const headers = (stream: number, block: Buffer, flags: number = Flag.endHeaders): Buffer =>
  frame(1, flags, stream, block);
export const continuation = (stream: number, block: Buffer = NOTHING, flags = 0): Buffer =>
  frame(9, flags, stream, block);

/** A message of gRPC behind its prefix; `claimed` is the length it pretends to have. */
export function message(bytes: Buffer, { compressed = false, claimed = bytes.length } = {}): Buffer {
  return Buffer.concat([Buffer.of(compressed ? 1 : 0), uint32(claimed), bytes]);
}

/** `EchoRequest.message` in protobuf. */
export function echoRequest(text: Buffer | string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(10), varint(bytes.length), bytes]);
}

/** `WatchRequest`: endless events, with this many milliseconds in between. */
export function watchRequest(intervalMs: number): Buffer {
  return Buffer.concat([Buffer.of(16), varint(intervalMs)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

/** The header block of a call of echo: literals alone, so that it is right at any time. */
export function requestBlock(
  method: string,
  more: ReadonlyArray<readonly [name: string, value: string]> = [],
): Buffer {
  const fields = [
    [':path', `/kun.echo.v1.EchoService/${method}`],
    [':authority', 'echo'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ] as const;
  // Two of HPACK's static table: POST, and http.
  return Buffer.concat([Buffer.of(0x83, 0x86), ...fields.map(([name, value]) => literal(name, value))]);
}

/** A field that is not indexed; its value has less than 16 KiB. */
export function literal(name: string, value: string, pattern = 0): Buffer {
  return Buffer.concat([Buffer.of(pattern), hpackString(name), hpackString(value)]);
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  return Buffer.concat([Buffer.of(127), varint(bytes.length - 127), bytes]);
}
