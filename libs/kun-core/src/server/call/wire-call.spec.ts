import { status as Code } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { endingOfAbandoned } from './wire-call.js';

const DEADLINE = 10_000;
const ended = (now: number, changes: object = {}) =>
  endingOfAbandoned({ deadline: DEADLINE, now, connectionLost: false, cancelled: true, ...changes });

describe('a call whose status was not sent', () => {
  it.each([
    [51, Code.CANCELLED],
    [50, Code.DEADLINE_EXCEEDED],
    [0, Code.DEADLINE_EXCEEDED],
    [-1000, Code.DEADLINE_EXCEEDED],
  ])('and that its caller reset %i ms before its deadline ended with %i', (before, code) => {
    expect(ended(DEADLINE - before)).toMatchObject({ code, cause: 'reset' });
  });

  it('was cancelled where it had no deadline, and says what for', () => {
    const texts = [true, false].map((cancelled) => ended(1e15, { deadline: Infinity, cancelled }));
    expect(texts.map(({ code }) => code)).toEqual([Code.CANCELLED, Code.CANCELLED]);
    expect(new Set(texts.map(({ message }) => message)).size).toBe(2);
  });

  it('was lost with its connection, whatever its deadline', () => {
    for (const now of [0, DEADLINE, 2 * DEADLINE]) {
      expect(ended(now, { connectionLost: true })).toMatchObject({
        code: Code.CANCELLED,
        cause: 'connection',
      });
    }
  });
});
