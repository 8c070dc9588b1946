import { status } from '@grpc/grpc-js';
import { FakeCall } from '@kun/core/testing';
import { expect, it } from 'vitest';
import { __interceptor__ } from './__file__.js';

it('tags the call, and passes it on', async () => {
  const call = new FakeCall();
  const ended = __interceptor__((inner) => (inner as FakeCall).ended)(call);
  call.finish({ code: status.OK });
  await ended;
  expect(call.tags.get('__tag__')).toBe(call.method.path);
});
