import { Metadata } from '@grpc/grpc-js';
import { nearest } from '@kun/config';
import type { RetryOverride } from '../../retry/retry-override.js';
import type { RouteChanges } from '../../routing/route-changes.js';
import { CallArgumentError, describeArgument } from './call-argument-error.js';
import { readMetadata, type MetadataInput } from './call-metadata.js';
import { readRetryOverride } from './read-retry-override.js';

/** Options of a single call. An option that is `undefined` counts as not given. */
export interface CallOptions {
  /** Sent with the request. Properties of a plain object that are `undefined` are omitted. */
  readonly metadata?: MetadataInput | undefined;
  /**
   * In milliseconds. Default: the method's configured timeout; none for streams. Capped by the incoming call's
   * remaining time. `Infinity`: no timeout of its own. 0 or less: DEADLINE_EXCEEDED, and nothing is sent.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * When the call expires, as a Date or in milliseconds since the epoch; `Infinity`: no deadline of its own. The
   * earlier of this and `timeoutMs` applies. A time in the past: DEADLINE_EXCEEDED, and nothing is sent.
   */
  readonly deadline?: Date | number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** Sent in addition to the propagated routes, which they override. */
  readonly routes?: RouteChanges | undefined;
  /** Overrides parts of the configured retry policy; `false` makes a single attempt. */
  readonly retry?: RetryOverride | undefined;
}

/** The validated options of a call, each read once. */
export interface CheckedCallOptions {
  /** A copy; empty if none was given. */
  readonly metadata: Metadata;
  readonly timeoutMs: number | undefined;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly routes: RouteChanges | undefined;
  readonly retry: RetryOverride | undefined;
}

/**
 * Validates the second argument of a client method, by name and type.
 *
 * @throws {CallArgumentError} naming the option that is unknown, with a suggestion, or whose value is invalid.
 */
export function readCallOptions(method: string, given: unknown): CheckedCallOptions {
  if (given === undefined || given === null) return { ...NONE, metadata: new Metadata() };
  if (given instanceof Metadata) {
    throw new CallArgumentError(method, 'options', 'found metadata; pass it as { metadata }');
  }
  if (typeof given === 'function') {
    const remedy = 'found a function; callbacks are not supported, await the returned promise instead';
    throw new CallArgumentError(method, 'options', remedy);
  }
  if (typeof given !== 'object' || Array.isArray(given)) {
    const found = describeArgument(given);
    throw new CallArgumentError(method, 'options', `expected an object, found ${found}`);
  }
  return readAll(method, given);
}

const NONE = {
  timeoutMs: undefined,
  deadlineMs: undefined,
  signal: undefined,
  routes: undefined,
  retry: undefined,
};

const NAMES: ReadonlySet<string> = new Set<keyof CallOptions>([
  'metadata',
  'timeoutMs',
  'deadline',
  'signal',
  'routes',
  'retry',
]);

/** Names that other clients use for the same option, or features that kun has elsewhere. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['timeout', 'did you mean timeoutMs, in milliseconds?'],
  ['abortSignal', 'did you mean signal?'],
  ['headers', 'did you mean metadata?'],
  ['retries', 'did you mean retry, e.g. { maxAttempts: 3 }?'],
  ['host', 'the authority belongs to the upstream: set its channel option grpc.default_authority'],
  ['credentials', 'TLS belongs to the upstream: set its TLS section; a token goes into metadata'],
  ['parent', 'the incoming call is followed by default; use detach() to prevent that'],
  ['interceptors', 'interceptors belong to the upstream, in KunClientModule.register'],
]);

function readAll(method: string, given: object): CheckedCallOptions {
  const read = new Map<string, unknown>();
  try {
    // Inherited properties count, as they would in `options.timeoutMs`.
    for (const name in given) read.set(name, (given as Record<string, unknown>)[name]);
  } catch (cause) {
    throw new CallArgumentError(method, 'options', 'cannot be read', { cause });
  }
  for (const [name, value] of read) {
    if (!NAMES.has(name) && value !== undefined) throw unknownOption(method, name);
  }
  return {
    metadata: readMetadata(method, read.get('metadata')),
    timeoutMs: readTimeout(method, read.get('timeoutMs')),
    deadlineMs: readDeadline(method, read.get('deadline')),
    signal: readSignal(method, read.get('signal')),
    routes: readRoutes(method, read.get('routes')),
    retry: readRetryOverride(method, read.get('retry')),
  };
}

function unknownOption(method: string, name: string): CallArgumentError {
  const near = nearest(name, NAMES);
  const known = `the options are ${[...NAMES].join(', ')}`;
  const remedy = REMEDIES.get(name) ?? (near === undefined ? known : `did you mean ${near}?`);
  return new CallArgumentError(method, name.slice(0, 100), `is not a call option; ${remedy}`);
}

function readTimeout(method: string, value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && !Number.isNaN(value))) return value;
  const expected = 'expected a number of milliseconds, or Infinity for no limit';
  throw new CallArgumentError(method, 'timeoutMs', `${expected}; found ${describeArgument(value)}`);
}

function readDeadline(method: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = value instanceof Date ? Date.prototype.getTime.call(value) : value;
  if (typeof ms === 'number' && !Number.isNaN(ms)) return ms;
  const found = value instanceof Date ? 'an invalid Date' : describeArgument(value);
  const expected = 'expected a Date, or milliseconds since the epoch';
  throw new CallArgumentError(method, 'deadline', `${expected}; found ${found}`);
}

function readSignal(method: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  const remedy = value instanceof AbortController ? '; pass its signal' : '';
  const found = describeArgument(value);
  throw new CallArgumentError(method, 'signal', `expected an AbortSignal, found ${found}${remedy}`);
}

/** Names and values are validated when the routes are assembled. */
function readRoutes(method: string, value: unknown): RouteChanges | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RouteChanges;
  const expected = "expected an object such as { AccountId: '42' }";
  throw new CallArgumentError(method, 'routes', `${expected}; found ${describeArgument(value)}`);
}
