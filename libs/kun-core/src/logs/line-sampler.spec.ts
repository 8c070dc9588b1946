import { expect, it } from 'vitest';
import { LineSampler } from './line-sampler.js';

const take = (sampler: LineSampler, count: number, nowMs: number) =>
  Array.from({ length: count }, () => sampler.take(nowMs)).flatMap((skipped, index) =>
    skipped === undefined ? [] : [[index + 1, skipped]],
  );

it('writes the first lines of each second, then samples, with the number of lines left out', () => {
  const sampler = new LineSampler({ initialPerSecond: 2, thereafter: 3 });
  expect(take(sampler, 9, 1000)).toEqual([
    [1, 0],
    [2, 0],
    [5, 2],
    [8, 2],
  ]);
  expect(take(sampler, 2, 2000)).toEqual([
    [1, 1],
    [2, 0],
  ]);
});

it('writes none thereafter when told so', () => {
  const sampler = new LineSampler({ initialPerSecond: 1, thereafter: 0 });
  expect(take(sampler, 100, 1000)).toEqual([[1, 0]]);
  expect(take(sampler, 1, 5000)).toEqual([[1, 99]]);
});
