import { Metadata } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptDeadline, isRepetition } from './attempts.js';

describe('isRepetition', () => {
  it.each([
    [{}, false],
    [{ 'grpc-previous-rpc-attempts': '0' }, false],
    [{ 'grpc-previous-rpc-attempts': '1' }, true],
    [{ 'x-envoy-attempt-count': '1' }, false],
    [{ 'x-envoy-attempt-count': '2' }, true],
    [{ 'grpc-previous-rpc-attempts': 'many', 'x-envoy-attempt-count': '' }, false],
  ])('%j: %s', (headers, expected) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    expect(isRepetition(metadata)).toBe(expected);
  });

  it('survives whatever a caller sends', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), (value) => {
        const metadata = new Metadata();
        metadata.set('grpc-previous-rpc-attempts', value);
        expect(isRepetition(metadata)).toBe(Number(value) >= 1);
      }),
    );
  });
});

describe('attemptDeadline', () => {
  it('is never after the deadline of the call, nor after its own time', () => {
    const ms = fc.integer({ min: 0, max: 1e9 });
    fc.assert(
      fc.property(
        fc.oneof(ms, fc.constant(Infinity)),
        fc.option(ms, { nil: undefined }),
        ms,
        (deadline, timeoutMs, nowMs) => {
          const at = attemptDeadline(deadline, timeoutMs, nowMs);
          expect(at).toBe(timeoutMs === undefined ? deadline : Math.min(deadline, nowMs + timeoutMs));
          expect(at).toBeLessThanOrEqual(deadline);
        },
      ),
    );
  });
});
