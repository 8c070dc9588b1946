import { Session } from 'node:inspector';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sourcePlace } from './source-place.js';

class Written {
  here(this: void): number {
    return 1;
  }
}

const HERE = /source-place\.spec\.ts:\d+$/;

afterEach(() => vi.restoreAllMocks());

describe('the place of a method', () => {
  it('is its file and line', () => {
    const ofMethod = sourcePlace(Written.prototype.here, Written);
    const ofClass = sourcePlace(Written, Written);
    expect(ofMethod).toMatch(HERE);
    expect(ofClass).toMatch(HERE);
    expect(lineOf(ofMethod)).toBeGreaterThan(lineOf(ofClass));
  });

  it("is the class's where another function stands in its place", () => {
    expect(sourcePlace(vi.fn<() => void>(), Written)).toBe(sourcePlace(Written, Written));
  });

  it('is unknown if it cannot be determined, and leaves nothing behind', () => {
    const names = Object.keys(globalThis);
    vi.spyOn(Session.prototype, 'connect').mockImplementation(() => {
      throw new Error('no inspector');
    });
    expect(sourcePlace(Written.prototype.here, Written)).toBeUndefined();
    expect(Object.keys(globalThis)).toEqual(names);
  });
});

function lineOf(place: string | undefined): number {
  return Number(/\d+$/.exec(place ?? '')?.[0]);
}
