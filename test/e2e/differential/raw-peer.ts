import { connect, type Socket } from 'node:net';
import { FRAME_HEADER_BYTES, PREFACE } from '../../bench/src/load/frames.js';
import { HeaderDecoder, literalHeader, type Headers } from '../../bench/src/load/hpack.js';

export const END = 1;
export const END_HEADERS = 4;

export type Fields = ReadonlyArray<readonly [name: string, value: string]>;

/** A frame's bytes. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer | readonly number[] = [],
): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const data = (stream: number, payload: Buffer | readonly number[] = [], flags = 0): Buffer =>
  frame(0, flags, stream, payload);
export const reset = (stream: number): Buffer => frame(3, 0, stream, uint32(8));
export const settings = (id: number, value: number): Buffer =>
  frame(4, 0, 0, Buffer.concat([Buffer.of(0, id), uint32(value)]));
export const ping = (flags = 0): Buffer => frame(6, flags, 0, Buffer.from('raw ping'));
export const windowUpdate = (stream: number, increment: number): Buffer =>
  frame(8, 0, stream, uint32(increment));

/** A header block; it leaves the peer's table as it is. */
export function block(fields: Fields): Buffer {
  return Buffer.concat(fields.map(([name, value]) => literalHeader(name, value, { indexing: 'none' })));
}

export const headers = (stream: number, fields: Fields, flags = END_HEADERS): Buffer =>
  frame(1, flags, stream, block(fields));

/** gRPC's form of a message. */
export function message(body: Buffer, flags = 0): Buffer {
  return Buffer.concat([Buffer.of(flags), uint32(body.length), body]);
}

/** A frame that came, with the headers it holds. */
export interface HeardFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
  readonly headers: Headers;
}

const NO_HEADERS: Headers = new Map();

/** A client that writes and reads frames by hand. */
export class RawPeer {
  readonly frames: HeardFrame[] = [];
  private readonly socket: Socket;
  private readonly decoder = new HeaderDecoder();
  private rest: Buffer = Buffer.alloc(0);
  private closed = false;
  private waiting: Array<() => void> = [];

  /** Connects, and greets with the preface and settings. */
  constructor(address: string) {
    const [host, port] = address.split(':');
    this.socket = connect(Number(port), host);
    this.socket.on('data', (chunk: Buffer) => this.take(chunk));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
    this.send(PREFACE, frame(4, 0, 0), frame(4, 1, 0));
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Waits until it holds of what came, or the server has hung up. */
  async until(holds: (frames: readonly HeardFrame[]) => boolean): Promise<void> {
    while (!holds(this.frames) && !this.closed) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Waits for the answer to a PING: whatever was sent before has been dealt with. */
  async settle(): Promise<void> {
    const mark = Buffer.from('settled!');
    this.send(frame(6, 0, 0, mark));
    await this.until((frames) => frames.some(({ type, payload }) => type === 6 && payload.equals(mark)));
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const { rest } = this;
      const length = rest.length < FRAME_HEADER_BYTES ? Infinity : rest.readUIntBE(0, 3);
      if (rest.length < FRAME_HEADER_BYTES + length) break;
      const type = rest.readUInt8(3);
      const payload = Buffer.from(rest.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + length));
      this.frames.push({
        type,
        flags: rest.readUInt8(4),
        stream: rest.readUInt32BE(5),
        payload,
        headers: type === 1 ? this.decoder.decode(payload) : NO_HEADERS,
      });
      this.rest = rest.subarray(FRAME_HEADER_BYTES + length);
    }
    this.wake();
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
