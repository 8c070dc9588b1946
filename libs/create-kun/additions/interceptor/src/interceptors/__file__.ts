import type { Interceptor } from '@kun/core';

/** The outer function runs once, at the start; the inner one for each call. */
export const __interceptor__: Interceptor = (next) => (call) => {
  // Shows in the log line and the span of the call.
  call.tags.set('__tag__', call.method.path);
  return next(call);
};
