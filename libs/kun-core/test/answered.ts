import { status as Code } from '@grpc/grpc-js';
import { respondOnce, respondWithStream } from '../src/server/answer/respond.js';
import { opened, type OpenedOptions } from './opened-call.js';

/** A call whose handler has returned `result`. */
export function answered(result: unknown, options: OpenedOptions = {}) {
  const all = opened(options);
  const { call, bound } = all;
  call.handlerStarts();
  const thrown = call.settled();
  thrown.catch(() => undefined);
  if (options.responseStream) respondWithStream(call, result);
  else respondOnce(call, bound, result);
  return {
    ...all,
    /** Rejects with what ended the call. */
    thrown,
    /** The caller leaves. */
    cancel: () => call.finish({ code: Code.CANCELLED, message: '', cause: 'reset' }),
  };
}
