import { contextKey } from './context-key.js';

/** What a single attempt of a client's call may take, in milliseconds; `undefined` leaves it the call's whole time. */
export const attemptTimeoutMs = contextKey<number | undefined>('kun.attempt-timeout', undefined);
