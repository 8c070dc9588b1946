import * as fc from 'fast-check';
import {
  block,
  data,
  END,
  END_HEADERS,
  frame,
  message,
  ping,
  reset,
  settings,
  uint32,
  windowUpdate,
  type Fields,
} from './raw-peer.js';

const PADDED = 8;
const PRIORITY = 32;

/** A call as a peer writes it in frames: where its header block and its message are cut, and what is between. */
export interface RawCall {
  readonly text: string;
  readonly metadata: string;
  /** Bytes of each frame of its header block but the last, and of its message. */
  readonly headerCuts: readonly number[];
  readonly dataCuts: readonly number[];
  readonly padding: number;
  readonly priority: boolean;
  readonly end: 'with the message' | 'empty DATA' | 'trailers' | 'reset';
}

/** Frames of no call, by what they are. */
const BETWEEN = {
  ping: () => ping(),
  settings: () => settings(3, 100),
  'unknown setting': () => settings(0x99, 7),
  'unknown frame': () => frame(0x77, 0xff, 0, [1, 2, 3]),
  window: () => windowUpdate(0, 1000),
  priority: () => frame(2, 0, 1, Buffer.concat([uint32(0), Buffer.of(15)])),
};
export type Between = keyof typeof BETWEEN;

/** Calls, and an order for their frames: each number says whose turn it is, or names a frame of no call. */
export interface RawScript {
  readonly calls: readonly RawCall[];
  readonly turns: ReadonlyArray<number | Between>;
}

const cuts = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 });
const rawCall: fc.Arbitrary<RawCall> = fc.record({
  text: fc.string({ unit: fc.constantFrom('a', 'ü', ' '), maxLength: 60 }),
  metadata: fc.string({ unit: fc.constantFrom('x', '1', '-'), maxLength: 40 }),
  headerCuts: cuts,
  dataCuts: cuts,
  padding: fc.constantFrom(-1, -1, 0, 1, 200),
  priority: fc.boolean(),
  end: fc.constantFrom('with the message', 'with the message', 'empty DATA', 'trailers', 'reset'),
});

/** Any script whose frames keep to the rules. */
export const rawScript: fc.Arbitrary<RawScript> = fc.record({
  calls: fc.array(rawCall, { minLength: 1, maxLength: 6 }),
  turns: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.nat(5) },
      { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(BETWEEN) as Between[])) },
    ),
    { maxLength: 60 },
  ),
});

/** The frames of a script, in their order; streams are numbered as they begin. */
export function framesOf({ calls, turns }: RawScript, path: string): { frames: Buffer[]; streams: number[] } {
  const streams = calls.map(() => 0);
  const left = calls.map((call) => stepsOf(call, path));
  let next = 1;
  const frames: Buffer[] = [];
  const step = (index: number): void => {
    const todo = left[index];
    if (todo === undefined || todo.length === 0) return;
    if (streams[index] === 0) {
      streams[index] = next;
      next += 2;
    }
    frames.push(todo.shift()!(streams[index]!));
  };
  for (const turn of turns) {
    if (typeof turn === 'number') step(turn);
    else frames.push(BETWEEN[turn]());
  }
  for (const index of left.keys()) while (left[index]!.length > 0) step(index);
  return { frames, streams };
}

type Step = (stream: number) => Buffer;

function stepsOf(call: RawCall, path: string): Step[] {
  const fields: Fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'test'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['x-a', call.metadata],
  ];
  const note = Buffer.from(call.text);
  const body = message(Buffer.concat([Buffer.of(0x0a, note.length), note]));
  const pieces = pieceUp(body, call.dataCuts);
  const whole = call.end === 'with the message';
  const steps: Step[] = [
    (stream) => headerFrames(stream, pieceUp(block(fields), call.headerCuts), call.priority),
    ...pieces.map((piece, index): Step => {
      const last = whole && index === pieces.length - 1;
      return (stream) => padded(stream, piece, call.padding, last ? END : 0);
    }),
  ];
  if (call.end === 'empty DATA') steps.push((stream) => data(stream, [], END));
  if (call.end === 'reset') steps.push(reset);
  if (call.end === 'trailers') {
    steps.push((stream) => frame(1, END | END_HEADERS, stream, block([['x-trailer', 'a']])));
  }
  return steps;
}

function headerFrames(stream: number, pieces: readonly Buffer[], priority: boolean): Buffer {
  const frames = pieces.map((piece, index) => {
    const flags = index === pieces.length - 1 ? END_HEADERS : 0;
    if (index > 0) return frame(9, flags, stream, piece);
    if (!priority) return frame(1, flags, stream, piece);
    return frame(1, flags | PRIORITY, stream, Buffer.concat([uint32(0), Buffer.of(15), piece]));
  });
  return Buffer.concat(frames);
}

function padded(stream: number, piece: Buffer, padding: number, flags: number): Buffer {
  if (padding < 0) return data(stream, piece, flags);
  return data(stream, Buffer.concat([Buffer.of(padding), piece, Buffer.alloc(padding)]), flags | PADDED);
}

function pieceUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  let rest = bytes;
  const pieces: Buffer[] = [];
  for (const size of sizes) {
    pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...pieces, rest];
}
