import { duplexPair, type Duplex } from 'node:stream';
import { HeaderDecoder } from '../src/hpack/header-decoder.js';
import { HeaderEncoder } from '../src/hpack/header-encoder.js';

/** A frame as written, with its payload. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const NAMES = ['DATA', 'HEADERS', 'PRIORITY', 'RST', 'SETTINGS', 'PUSH', 'PING', 'GOAWAY', 'WINDOW', 'CONT'];

/** A frame's bytes; `length` may lie. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer | readonly number[] = [],
  length?: number,
): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
export const data = (stream: number, payload: Buffer | readonly number[] = [], flags = 0) =>
  frame(0, flags, stream, payload);
export const reset = (stream: number, code = 8) => frame(3, 0, stream, uint32(code));
export const settings = (pairs: ReadonlyArray<readonly [number, number]> = []) =>
  frame(
    4,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.of(id >> 8, id & 255), uint32(value)]))),
  );
export const settingsAck = () => frame(4, 1, 0);
export const ping = (flags = 0, payload: Buffer = Buffer.from('raw ping')) => frame(6, flags, 0, payload);
export const windowUpdate = (stream: number, increment: number) => frame(8, 0, stream, uint32(increment));
export const END = 1;
export const END_HEADERS = 4;

export type Fields = ReadonlyArray<readonly [string, string]>;
export const REQUEST: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test.Service/Method'],
  [':authority', 'test'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];

/** A length-prefixed gRPC message. */
export function message(text: string | Buffer, flags = 0): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.of(flags), uint32(body.length), body]);
}

/** What a server sent, in words; see {@link RawPeer.heard}. */
export type Heard = string;

/** A client that writes and reads raw frames on one end of a pair of streams. */
export class RawPeer {
  readonly near: Duplex;
  readonly far: Duplex;
  readonly frames: RawFrame[] = [];
  readonly decoder = new HeaderDecoder({ maxListBytes: 1e6, maxFields: 1e4 });
  closed = false;
  private readonly encoder = new HeaderEncoder();
  private rest: Buffer = Buffer.alloc(0);
  private waiting: Array<() => void> = [];

  constructor() {
    const [near, far] = duplexPair({ highWaterMark: 1 << 20 });
    this.near = near;
    this.far = far;
    near.on('data', (chunk: Buffer) => this.take(chunk));
    near.on('error', () => {});
    for (const event of ['end', 'close']) near.on(event, () => this.close());
  }

  /** The preface, settings and their acknowledgement, and the server's. */
  greet(pairs: ReadonlyArray<readonly [number, number]> = []): this {
    this.send(Buffer.from(PREFACE), settings(pairs), settingsAck());
    return this;
  }

  send(...frames: Buffer[]): void {
    if (!this.near.writableEnded) this.near.write(Buffer.concat(frames));
  }

  /** A header block, with the fields encoded one after the other. */
  block(fields: Fields = REQUEST): Buffer {
    this.encoder.begin();
    for (const [name, value] of fields) this.encoder.field(name, value);
    return Buffer.from(this.encoder.end());
  }

  headers(stream: number, fields: Fields = REQUEST, flags: number = END_HEADERS): Buffer {
    return frame(1, flags, stream, this.block(fields));
  }

  /** A whole unary call. */
  call(stream: number, text = 'hi', fields: Fields = REQUEST): Buffer {
    return Buffer.concat([this.headers(stream, fields), data(stream, message(text), END)]);
  }

  /** Waits until `predicate` holds for what was received, or the server has hung up. */
  async until(predicate: (peer: this) => boolean): Promise<void> {
    while (!predicate(this) && !this.closed) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Sends a PING and waits for its acknowledgement: everything sent before has been processed. */
  async settle(): Promise<void> {
    const mark = Buffer.from(`settle${String(this.frames.length % 100).padStart(2, '0')}`);
    this.send(ping(0, mark));
    await this.until(({ frames }) =>
      frames.some(({ type, flags, payload }) => type === 6 && flags === 1 && payload.equals(mark)),
    );
  }

  /** What the server sent for a stream (0: connection errors), in words. */
  heard(stream: number): Heard[] {
    return this.frames
      .filter((frame) => frame.stream === stream && (stream > 0 || frame.type === 7))
      .map((frame) => this.describe(frame));
  }

  /** The headers of the HEADERS frames of a stream; each is decoded once, in order, as HPACK requires. */
  readonly lists = new Map<number, Fields[]>();

  private describe({ type, flags, payload }: RawFrame): string {
    if (type === 3) return `RST ${payload.readUInt32BE(0)}`;
    if (type === 7) return `GOAWAY ${payload.readUInt32BE(0)} ${payload.readUInt32BE(4)}`;
    if (type === 0) return `DATA ${payload.length}${flags & END ? ' END' : ''}`;
    if (type === 8) return `WINDOW ${payload.readUInt32BE(0)}`;
    return `${NAMES[type]}${flags & END ? ' END' : ''}`;
  }

  private take(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 9 && this.rest.length >= 9 + this.rest.readUIntBE(0, 3)) {
      const length = this.rest.readUIntBE(0, 3);
      const one: RawFrame = {
        type: this.rest[3] as number,
        flags: this.rest[4] as number,
        stream: this.rest.readUInt32BE(5),
        payload: Buffer.from(this.rest.subarray(9, 9 + length)),
      };
      this.rest = this.rest.subarray(9 + length);
      if (one.type === 1) {
        const { fields } = this.decoder.decode(one.payload, 0, length);
        const list = fields.map(({ name, value }) => [name, value] as const);
        this.lists.set(one.stream, [...(this.lists.get(one.stream) ?? []), list]);
      }
      this.frames.push(one);
    }
    this.wake();
  }

  private close(): void {
    this.closed = true;
    this.wake();
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
