import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { CallHandler } from '../rpc/interceptor.js';
import { StatusError } from '../status/status-error.js';
import { toStatusError } from '../status/thrown/to-status-error.js';
import { FakeCall } from '../testing/fake-call.js';
import { recoveryInterceptor, type RecoveryParts } from './recovery.js';

const run = (handler: CallHandler, parts: Partial<RecoveryParts> = {}) => {
  const call = new FakeCall();
  return { call, ended: recoveryInterceptor({ toStatusError, ...parts })(handler)(call) };
};

const boom = new Error('secret');

describe.each<[string, CallHandler]>([
  [
    'throws',
    () => {
      throw boom;
    },
  ],
  ['rejects', () => Promise.reject(boom)],
])('recovery of a handler that %s', (_how, handler) => {
  it('ends the call with what the funnel made of it, and resolves', async () => {
    const { ended } = run(handler);
    await expect(ended).resolves.toMatchObject({
      code: status.INTERNAL,
      message: 'Internal server error',
      error: { cause: boom },
    });
  });

  it('reports it in fail-fast mode, once the caller is answered', async () => {
    const panics: unknown[] = [];
    const { ended } = run(handler, { onPanic: (call, thrown) => panics.push([call.ending?.code, thrown]) });
    await ended;
    expect(panics).toEqual([[status.INTERNAL, boom]]);
  });
});

describe('recovery', () => {
  it('passes an ending through', async () => {
    const call = new FakeCall();
    const ended = recoveryInterceptor({ toStatusError })(() => call.ended)(call);
    call.finish();
    await expect(ended).resolves.toBe(call.ending);
  });

  it('takes no error that was meant for a caller for a panic', async () => {
    const panics: unknown[] = [];
    for (const code of [status.NOT_FOUND, status.INTERNAL]) {
      const { ended } = run(() => Promise.reject(new StatusError(code, 'meant')), {
        onPanic: () => panics.push(code),
      });
      await expect(ended).resolves.toMatchObject({ code, message: 'meant' });
    }
    expect(panics).toEqual([]);
  });

  it('reports what is thrown after the end, and keeps the ending', async () => {
    const late: unknown[] = [];
    const call = new FakeCall();
    const ended = recoveryInterceptor({ toStatusError, onLateError: (_call, thrown) => late.push(thrown) })(
      () => {
        call.finish({ code: status.CANCELLED, cause: 'reset' });
        return Promise.reject(boom);
      },
    )(call);
    await expect(ended).resolves.toMatchObject({ code: status.CANCELLED });
    expect(late).toEqual([boom]);
  });
});
