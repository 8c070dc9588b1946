import { expect, it } from 'vitest';
import { OpenCalls, type OpenCall } from './open-calls.js';

function call(path: string): OpenCall {
  return { method: { path, requestStream: false, responseStream: false }, startedAt: 0 };
}

const paths = (calls: OpenCalls<OpenCall>) => [...calls].map(({ method }) => method.path);

it('knows the calls that have come and not gone', () => {
  const calls = new OpenCalls<OpenCall>();
  const [a, b, c] = [call('/a'), call('/b'), call('/c')];
  const placeOfA = calls.add(a);
  calls.add(b);
  calls.remove(a, placeOfA);
  calls.add(c);
  expect(calls.size).toBe(2);
  expect(paths(calls).toSorted()).toEqual(['/b', '/c']);
});

it('removes a call once, whichever call has its place by then', () => {
  const calls = new OpenCalls<OpenCall>();
  const [a, b] = [call('/a'), call('/b')];
  const place = calls.add(a);
  calls.remove(a, place);
  expect(calls.add(b)).toBe(place);
  calls.remove(a, place);
  expect(paths(calls)).toEqual(['/b']);
});

it('is idle when the last call has left', async () => {
  const calls = new OpenCalls<OpenCall>();
  await calls.whenIdle();
  const [a, b] = [call('/a'), call('/b')];
  const places = [calls.add(a), calls.add(b)] as const;
  let idle = false;
  const settled = calls.whenIdle().then(() => (idle = true));
  calls.remove(a, places[0]);
  await Promise.resolve();
  expect(idle).toBe(false);
  calls.remove(b, places[1]);
  await settled;
  expect(idle).toBe(true);
});
