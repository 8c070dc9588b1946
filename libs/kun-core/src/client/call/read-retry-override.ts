import { nearest } from '@kun/config';
import type { RetryOverride } from '../../retry/retry-override.js';
import type { RetryPolicy } from '../../settings/keys/retry-policy.js';
import { MAX_RETRY_ATTEMPTS } from '../../settings/keys/retry.js';
import { isErrorCode } from '../../status/code.js';
import { CallArgumentError, describeArgument } from './call-argument-error.js';

/**
 * Validates and copies the `retry` option of a call.
 *
 * @throws {CallArgumentError} naming the part that is unknown or invalid.
 */
export function readRetryOverride(method: string, given: unknown): RetryOverride | undefined {
  if (given === undefined || given === false) return given;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const expected = 'expected false for a single attempt, or parts of a policy such as { maxAttempts: 5 }';
    throw new CallArgumentError(method, 'retry', `${expected}; found ${describeArgument(given)}`);
  }
  const override: Record<string, unknown> = {};
  for (const [name, value] of entriesOf(method, given)) {
    if (value === undefined) continue;
    const part = Object.hasOwn(PARTS, name) ? PARTS[name as keyof RetryPolicy] : undefined;
    if (!part) throw unknownPart(method, name);
    if (!part.usable(value)) {
      const problem = `expected ${part.expected}; found ${describeArgument(value)}`;
      throw new CallArgumentError(method, `retry.${name}`, problem);
    }
    override[name] = Array.isArray(value) ? [...(value as unknown[])] : value;
  }
  return override;
}

interface Part {
  readonly expected: string;
  usable(value: unknown): boolean;
}

/** setTimeout supports no longer delay: Node would fire after one millisecond instead. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const WAIT: Part = {
  expected: 'milliseconds from 0 up to 24 days',
  usable: (value) => typeof value === 'number' && value >= 0 && value <= MAX_TIMER_MS,
};

const PARTS: { readonly [Name in keyof RetryPolicy]: Part } = {
  maxAttempts: {
    expected: `a whole number of attempts from 1 to ${MAX_RETRY_ATTEMPTS}`,
    usable: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_RETRY_ATTEMPTS,
  },
  codes: {
    expected: 'an array of codes, e.g. [StatusCode.UNAVAILABLE]',
    usable: (value) => Array.isArray(value) && value.every((code) => isErrorCode(code)),
  },
  widenIdempotent: { expected: 'true or false', usable: (value) => typeof value === 'boolean' },
  initialBackoffMs: WAIT,
  maxBackoffMs: WAIT,
  attemptTimeoutMs: {
    expected: 'a positive number of milliseconds',
    usable: (value) => typeof value === 'number' && value > 0,
  },
};

function entriesOf(method: string, given: object): Array<[string, unknown]> {
  try {
    return Object.entries(given);
  } catch (cause) {
    throw new CallArgumentError(method, 'retry', 'cannot be read', { cause });
  }
}

function unknownPart(method: string, name: string): CallArgumentError {
  const known = Object.keys(PARTS);
  const near = nearest(name, known);
  const remedy = near === undefined ? `the parts are ${known.join(', ')}` : `did you mean ${near}?`;
  return new CallArgumentError(
    method,
    `retry.${name.slice(0, 100)}`,
    `is not part of a retry policy; ${remedy}`,
  );
}
