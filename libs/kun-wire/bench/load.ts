import { connect, type Socket } from 'node:net';

/** One kind of load: a number of calls in flight on a number of connections, each followed by the next. */
export interface Load {
  readonly name: string;
  readonly connections: number;
  readonly inFlight: number;
  readonly path: string;
  readonly requestBytes: number;
  /** Headers as sent by a mesh: different in each call, some Huffman-coded, some never indexed. */
  readonly mesh?: boolean;
  /** The number of units (calls or messages) per call, to which the figures refer. */
  readonly unitsPerCall: number;
}

export const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const text = (value: string): Buffer => Buffer.concat([integer(value.length), Buffer.from(value)]);
const integer = (value: number): Buffer =>
  value < 127
    ? Buffer.of(value)
    : Buffer.of(
        127,
        ((value - 127) & 127) | (value - 127 > 127 ? 128 : 0),
        ...(value - 127 > 127 ? [(value - 127) >> 7] : []),
      );
export const literal = (pattern: number, name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(pattern), text(name), text(value)]);

/** Hexadecimal digits in Huffman code; letters have five or six bits. */
const HEX: Record<string, readonly [bits: number, length: number]> = {
  '0': [0x0, 5],
  '1': [0x1, 5],
  '2': [0x2, 5],
  '3': [0x19, 6],
  '4': [0x1a, 6],
  '5': [0x1b, 6],
  '6': [0x1c, 6],
  '7': [0x1d, 6],
  '8': [0x1e, 6],
  '9': [0x1f, 6],
  a: [0x3, 5],
  b: [0x23, 6],
  c: [0x4, 5],
  d: [0x24, 6],
  e: [0x5, 5],
  f: [0x25, 6],
  '-': [0x16, 6],
};

function huffman(value: string): Buffer {
  let bits = '';
  for (const digit of value) {
    const [code, length] = HEX[digit];
    bits += code.toString(2).padStart(length, '0');
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const bytes = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}

let calls = 0;
const hex = (digits: number): string => {
  let value = '';
  while (value.length < digits)
    value += Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return value.slice(0, digits);
};

/**
 * The headers of a mesh that differ in each call: a trace, a request id, a timeout. The trace enters the server's
 * table.
 */
function meshFields(): Buffer {
  return Buffer.concat([
    Buffer.of(0x40),
    text('traceparent'),
    huffman(`00-${hex(32)}-${hex(16)}-01`),
    Buffer.of(0x10),
    text('x-request-id'),
    text(`${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`),
    Buffer.of(0x00),
    text('grpc-timeout'),
    text(`${90_000 + (calls % 10_000)}m`),
  ]);
}

/** How many traces fit into the table in addition to the repeated fields. */
const TRACES = 25;

/** A connection that keeps calls in flight, and counts successes and failures. */
class Connection {
  private next = 1;
  private rest: Buffer = Buffer.alloc(0);
  private out: Buffer[] = [];
  private unacknowledged = 0;
  private window = 65_535;
  private streamWindow = 65_535;
  private readonly first: Buffer;
  private readonly uploads = new Map<number, number>();
  private readonly windows = new Map<number, number>();
  private readonly socket: Socket;
  private readonly load: Load;
  private readonly body: Buffer;
  private readonly onCall: (ok: boolean) => void;

  constructor(socket: Socket, load: Load, body: Buffer, onCall: (ok: boolean) => void) {
    this.socket = socket;
    this.load = load;
    this.body = body;
    this.onCall = onCall;
    this.first = Buffer.concat([
      Buffer.of(0x83, 0x86),
      literal(0x40, ':path', load.path),
      literal(0x40, ':authority', '127.0.0.1:50051'),
      literal(0x40, 'content-type', 'application/grpc'),
      literal(0x40, 'te', 'trailers'),
      literal(0x40, 'user-agent', 'grpc-bench/1'),
      literal(0x40, 'grpc-accept-encoding', 'identity,deflate,gzip'),
    ]);
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.out.push(
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      frame(4, 0, 0, Buffer.from('000400400000', 'hex')),
      frame(8, 0, 0, Buffer.from('3fff0000', 'hex')),
    );
  }

  start(): void {
    for (let count = 0; count < this.load.inFlight; count++) this.call();
    this.flush();
  }

  private call(): void {
    calls++;
    const stream = this.next;
    this.next += 2;
    const traces = this.load.mesh ? ((stream - 1) / 2) % TRACES : 0;
    const known = Buffer.from([5, 4, 3, 2, 1, 0].map((index) => 0x80 | (62 + traces + index)));
    const repeated =
      stream === 1 || (this.load.mesh && traces === 0)
        ? this.first
        : Buffer.concat([Buffer.of(0x83, 0x86), known]);
    const block = this.load.mesh ? Buffer.concat([repeated, meshFields()]) : repeated;
    if (this.body.length <= 16_384) {
      this.out.push(frame(1, 4, stream, block), frame(0, 1, stream, this.body));
      return;
    }
    this.out.push(frame(1, 4, stream, block));
    this.uploads.set(stream, 0);
    this.windows.set(stream, this.streamWindow);
    this.upload();
  }

  private upload(): void {
    for (const [stream, sent] of this.uploads) {
      let at = sent;
      for (;;) {
        const window = Math.min(this.window, this.windows.get(stream) ?? 0, 16_384);
        const size = Math.min(window, this.body.length - at);
        if (size <= 0) break;
        const last = at + size === this.body.length;
        this.out.push(frame(0, last ? 1 : 0, stream, this.body.subarray(at, at + size)));
        at += size;
        this.window -= size;
        this.windows.set(stream, (this.windows.get(stream) ?? 0) - size);
      }
      if (at === this.body.length) {
        this.uploads.delete(stream);
        this.windows.delete(stream);
      } else {
        this.uploads.set(stream, at);
      }
    }
  }

  private read(chunk: Buffer): void {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= 9) {
      const length = bytes.readUIntBE(at, 3);
      if (bytes.length - at < 9 + length) break;
      const type = bytes[at + 3];
      const flags = bytes[at + 4];
      const stream = bytes.readUInt32BE(at + 5);
      if (type === 0) this.unacknowledged += length;
      if (type === 8) {
        const more = bytes.readUInt32BE(at + 9);
        if (stream === 0) this.window += more;
        else if (this.windows.has(stream)) this.windows.set(stream, (this.windows.get(stream) ?? 0) + more);
      }
      if (type === 4 && (flags & 1) === 0) {
        for (let pair = at + 9; pair < at + 9 + length; pair += 6) {
          if (bytes.readUInt16BE(pair) === 4) this.resize(bytes.readUInt32BE(pair + 2));
        }
        this.out.push(frame(4, 1, 0, Buffer.alloc(0)));
      }
      if (type === 3 || type === 7) this.onCall(false);
      if (type === 1 && (flags & 1) !== 0) {
        this.onCall(true);
        this.call();
      }
      at += 9 + length;
    }
    this.rest = bytes.subarray(at);
    if (this.uploads.size > 0) this.upload();
    if (this.unacknowledged > 1_000_000) {
      const more = Buffer.alloc(4);
      more.writeUInt32BE(this.unacknowledged);
      this.out.push(frame(8, 0, 0, more));
      this.unacknowledged = 0;
    }
    this.flush();
  }

  private resize(window: number): void {
    for (const [stream, left] of this.windows) this.windows.set(stream, left + window - this.streamWindow);
    this.streamWindow = window;
  }

  private flush(): void {
    if (this.out.length > 0) this.socket.write(Buffer.concat(this.out));
    this.out = [];
  }
}

/** Starts a load; the returned functions report how many calls have ended, and how many of them wrongly. */
export async function begin(
  port: number,
  load: Load,
): Promise<{ ended(): number; wrong(): number; stop(): void }> {
  let ended = 0;
  let wrong = 0;
  const body = Buffer.alloc(load.requestBytes + 5, 'x');
  body[0] = 0;
  body.writeUInt32BE(load.requestBytes, 1);
  const sockets: Socket[] = [];
  for (let opened = 0; opened < load.connections; opened++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    sockets.push(socket);
    new Connection(socket, load, body, (ok) => {
      ended++;
      if (!ok) wrong++;
    }).start();
  }
  return {
    ended: () => ended,
    wrong: () => wrong,
    stop() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
