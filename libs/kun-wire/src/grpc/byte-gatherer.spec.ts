import { expect, it } from 'vitest';
import { ByteGatherer } from './byte-gatherer.js';

it('keeps a few bytes without the 64 KiB of the pool or the chunk that they came in', () => {
  const gatherer = new ByteGatherer();
  gatherer.add(Buffer.alloc(64 * 1024, 'a'), 0, 5, 5);
  expect(gatherer.shift()?.buffer.byteLength).toBe(5);
});

it('puts small and large pieces together in their order, and begins anew after that', () => {
  const gatherer = new ByteGatherer();
  for (const round of ['a', 'b']) {
    const pieces = [3, 5000, 7, 1, 9000, 2].map((length, index) => Buffer.alloc(length, `${round}${index}`));
    for (const piece of pieces) gatherer.add(piece, 0, piece.length);
    expect(gatherer.join()).toEqual(Buffer.concat(pieces));
    expect(gatherer.bytes).toBe(0);
  }
});
