import type { Interceptor } from '@kun/core';

/** What each call goes through, outermost first: `npx create-kun add interceptor slow-calls` writes a line at the end. */
export const interceptors: Interceptor[] = [
  // create-kun: interceptors
];
