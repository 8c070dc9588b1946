import { setImmediate as turn } from 'node:timers/promises';
import { firstValueFrom, map, of, Subject, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { FakeCall } from '../testing/fake-call.js';
import { currentCall, inCall, runInCall } from './current-call.js';

describe('currentCall', () => {
  it('is the call that the code runs under, through awaits and timers, and no other one', async () => {
    const [a, b] = [new FakeCall(), new FakeCall()];
    const look = async () => {
      await turn();
      return currentCall();
    };
    expect(await Promise.all([runInCall(a, look), runInCall(b, look), look()])).toEqual([a, b, undefined]);
    expect(runInCall(a, (x: number, y: number) => [x + y, currentCall()], 1, 2)).toEqual([3, a]);
    expect(runInCall(a, () => runInCall(b, currentCall))).toBe(b);
  });

  it('is left when the code throws', () => {
    const failing = () => {
      throw new Error('thrown');
    };
    expect(() => runInCall(new FakeCall(), failing)).toThrow('thrown');
    expect(currentCall()).toBeUndefined();
  });
});

describe('inCall', () => {
  it('gives each subscriber of a shared source its own call, values and end alike', () => {
    const [a, b, emitter] = [new FakeCall(), new FakeCall(), new FakeCall()];
    const shared = new Subject<number>();
    const seen: unknown[] = [];
    const look = () => void seen.push(currentCall());
    for (const call of [a, b])
      runInCall(call, () => shared.pipe(inCall()).subscribe({ next: look, complete: look }));
    runInCall(emitter, () => {
      shared.next(1);
      shared.complete();
    });
    expect(seen).toEqual([a, b, a, b]);
  });

  it('passes errors on in the call, and unsubscribes from the source', () => {
    const call = new FakeCall();
    const seen: unknown[] = [];
    const error = () => void seen.push(currentCall());
    runInCall(call, () =>
      throwError(() => new Error('thrown'))
        .pipe(inCall())
        .subscribe({ error }),
    );
    expect(seen).toEqual([call]);
    const source = new Subject();
    runInCall(call, () => source.pipe(inCall()).subscribe()).unsubscribe();
    expect(source.observed).toBe(false);
  });

  it('changes nothing outside of a call', async () => {
    const values = of(1, 2).pipe(
      inCall(),
      map((value) => [value, currentCall()]),
      toArray(),
    );
    expect(await firstValueFrom(values)).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
  });
});
