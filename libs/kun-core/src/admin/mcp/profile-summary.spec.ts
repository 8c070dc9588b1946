import type { Profiler } from 'node:inspector';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { profileSummary } from './profile-summary.js';

const node = (id: number, functionName: string, url = '', children: number[] = []): Profiler.ProfileNode => ({
  id,
  callFrame: { functionName, scriptId: '0', url, lineNumber: 9, columnNumber: 0 },
  children,
});

it('gives each function its own time, and once what it called', () => {
  const file = pathToFileURL('src/hot.ts').href;
  const profile: Profiler.Profile = {
    startTime: 0,
    endTime: 0,
    nodes: [
      node(1, '(root)', '', [2, 3, 6, 7]),
      node(2, '(idle)'),
      node(3, 'outer', file, [4]),
      // It calls itself.
      node(4, 'inner', file, [5]),
      node(5, 'inner', file),
      node(6, '(garbage collector)'),
      node(7, 'post', 'node:inspector'),
    ],
    samples: [7, 2, 3, 4, 5, 6],
    timeDeltas: [900_000, 500_000, 100_000, 200_000, 100_000, 100_000],
  };
  const at = 'src/hot.ts:10';
  expect(profileSummary(profile)).toEqual({
    seconds: 1,
    busyPercent: 50,
    garbageCollectionPercent: 10,
    functions: [
      { function: 'inner', at, selfMs: 300, totalMs: 300, selfPercent: 30, totalPercent: 30 },
      { function: 'outer', at, selfMs: 100, totalMs: 400, selfPercent: 10, totalPercent: 40 },
      { function: '(garbage collector)', selfMs: 100, totalMs: 100, selfPercent: 10, totalPercent: 10 },
    ],
  });
});

it('takes a profile of nothing', () => {
  expect(profileSummary({ startTime: 0, endTime: 0, nodes: [] })).toMatchObject({
    seconds: 0,
    functions: [],
  });
});
