import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import type { ServerCall } from '../../call/server-call.js';
import { GrpcJsCall } from './grpc-js-call.js';

const DEADLINE = 10_000;

// grpc-js ends a call at its deadline by a timer, which Node may fire a millisecond before its clock shows the time.
it.each([
  ['at its deadline', DEADLINE, true],
  ['by a timer that fires a millisecond early', DEADLINE - 1, true],
  ['by its caller, long before', DEADLINE - 1000, undefined],
])('tells the call of an end %s', (_how, now, expired) => {
  const told: unknown[] = [];
  const wire = { getDeadline: () => new Date(DEADLINE) } as ServerInterceptingCallInterface;
  const call = new GrpcJsCall(wire, { now: () => now });
  call.call = {
    writable: true,
    cancelled: (...args: unknown[]) => told.push(...args),
  } as unknown as ServerCall;
  call.onCancel();
  expect(told).toEqual([expired]);
});
