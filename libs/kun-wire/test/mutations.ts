import {
  data,
  END,
  frame,
  message,
  ping,
  REQUEST,
  reset,
  settings,
  uint32,
  windowUpdate,
} from './raw-peer.js';
import type { RawPeer } from './raw-peer.js';

/** Pseudo-random numbers, determined by the seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Frames as a client might send them, some of them broken with knowledge of the frame format. */
export function mutatedFrames(peer: RawPeer, random: () => number, count: number): Buffer[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0];
  let next = 1;
  const stream = (): number => pick([next, next, next + 2, Math.max(1, next - 2), 1, 0, 2, 2 ** 31 - 1]);
  const bytes = (most: number): Buffer => Buffer.from(Array.from({ length: below(most) }, () => below(256)));

  const makers: ReadonlyArray<() => Buffer> = [
    () => {
      next += 2;
      return peer.headers(next);
    },
    () => {
      next += 2;
      return peer.call(next, 'x'.repeat(below(300)));
    },
    () => {
      next += 2;
      return peer.headers(next, [
        ...REQUEST,
        ['grpc-timeout', `${below(100)}${pick(['n', 'm', 'S', 'x'])}`],
        ['grpc-encoding', pick(['gzip', 'identity', 'br'])],
      ]);
    },
    () => data(stream(), message(bytes(200), below(3)), pick([0, 0, END])),
    () => data(stream(), bytes(60), pick([0, END, 8, 9])),
    () => data(stream(), message(bytes(50)).subarray(0, below(20)), pick([0, END])),
    () => frame(1, pick([0, 1, 4, 5, 8, 12, 32, 36, 45]), stream(), bytes(80)),
    () => frame(9, pick([0, 4]), stream(), bytes(40)),
    () => frame(1, 0, (next += 2), peer.block().subarray(0, below(40))),
    () => reset(stream(), below(20)),
    () => settings([[below(8), pick([0, 1, 100, 65_535, 2 ** 31 - 1, 2 ** 31])]]),
    () => frame(4, 1, 0),
    () => ping(below(2)),
    () => frame(7, 0, 0, Buffer.concat([uint32(next), uint32(below(14)), bytes(20)])),
    () => windowUpdate(stream(), pick([0, 1, 1000, 2 ** 31 - 1])),
    () => frame(2, 0, stream(), bytes(7)),
    () => frame(below(256), below(256), stream(), bytes(30)),
  ];

  return Array.from({ length: count }, () => {
    const made = makers[below(makers.length)]?.() ?? ping();
    // Most frames stay valid, so that what follows is reached.
    if (below(12) > 0) return made;
    const broken = Buffer.from(made);
    const at = below(broken.length);
    switch (below(4)) {
      case 0:
        broken[at] = below(256);
        return broken;
      case 1:
        return broken.subarray(0, at);
      case 2:
        return Buffer.concat([broken, broken.subarray(at)]);
      default:
        broken.writeUIntBE(below(2 ** 24), 0, 3);
        return broken;
    }
  });
}

/** The same bytes, split differently. */
export function cut(bytes: Buffer, random: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() ** 3 * 4000);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
