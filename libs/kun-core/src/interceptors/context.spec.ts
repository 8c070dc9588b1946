import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { currentCall } from '../rpc/current-call.js';
import { FakeCall } from '../testing/fake-call.js';
import { contextInterceptor } from './context.js';

it('makes the call the current one inside, across await, and not outside', async () => {
  const seen: unknown[] = [];
  const handle = contextInterceptor()(async (call) => {
    seen.push(currentCall());
    await setImmediate();
    seen.push(currentCall());
    if (call instanceof FakeCall) call.finish();
    return call.ending!;
  });
  const calls = [new FakeCall(), new FakeCall()];
  const endings = await Promise.all(calls.map(handle));
  expect(seen).toEqual([calls[0], calls[1], calls[0], calls[1]]);
  expect(endings).toEqual(calls.map((call) => call.ending));
  expect(currentCall()).toBeUndefined();
});
