import type { Ending } from '../rpc/rpc-call.js';
import { PUSHBACK_HEADER } from '../rpc/attempts.js';
import { findDetail } from '../status/wire/service-error.js';

/**
 * The longest delay accepted from a server, in milliseconds. A caller that is asked to wait longer gets the error
 * immediately and may retry itself: a caller without a deadline must not hang for as long as a server likes.
 */
export const MAX_TOLD_DELAY_MS = 60_000;

/**
 * What the answer says of another attempt:
 *
 * - `none`: nothing;
 * - `stop`: there shall be none;
 * - `exactly`: after `delayMs`, neither sooner nor later, and the backoff starts anew;
 * - `atLeast`: not before `delayMs`.
 */
export type Pushback =
  { readonly kind: 'none' | 'stop' } | { readonly kind: 'exactly' | 'atLeast'; readonly delayMs: number };

/**
 * Reads `grpc-retry-pushback-ms` by A6: a whole number of milliseconds without needless zeros; anything else, a negative
 * number included, and more than one value mean that the server wants no more. Without it, google.rpc.RetryInfo.
 */
export function readPushback(ending: Ending): Pushback {
  const { error } = ending;
  if (!error) return NONE;
  const values = error.metadata.get(PUSHBACK_HEADER);
  if (values.length > 0) {
    const [value] = values;
    const valid = values.length === 1 && typeof value === 'string' && WHOLE_NUMBER.test(value);
    return valid ? told('exactly', Number(value)) : STOP;
  }
  const delayMs = findDetail(error, 'google.rpc.RetryInfo')?.retryDelayMs;
  return delayMs === undefined || delayMs < 0 ? NONE : told('atLeast', delayMs);
}

const NONE: Pushback = Object.freeze({ kind: 'none' });
const STOP: Pushback = Object.freeze({ kind: 'stop' });
const WHOLE_NUMBER = /^(?:0|[1-9]\d*)$/;

function told(kind: 'exactly' | 'atLeast', delayMs: number): Pushback {
  return delayMs <= MAX_TOLD_DELAY_MS ? { kind, delayMs } : STOP;
}
