import { Metadata } from '@grpc/grpc-js';
import { nearest } from '@kun/config';
import type { RetryOverride } from '../../retry/retry-override.js';
import type { RouteChanges } from '../../routing/route-changes.js';
import { CallArgumentError, describeArgument } from './call-argument-error.js';
import { readMetadata, type MetadataInput } from './call-metadata.js';
import { readRetryOverride } from './read-retry-override.js';

/** What can be said for a single call. An option that is `undefined` is not given. */
export interface CallOptions {
  /** Sent with the request. A value of a plain object that is `undefined` is left out. */
  readonly metadata?: MetadataInput | undefined;
  /**
   * In milliseconds. Default: the configuration's for the method; none for streams. The incoming call's remaining time
   * caps it. `Infinity`: none of its own. 0 or less: DEADLINE_EXCEEDED, and nothing is sent.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * The instant at which the call gives up, as a Date or in milliseconds since the epoch; `Infinity`: none of its own. Of
   * this and `timeoutMs` the earlier counts. One that has passed: DEADLINE_EXCEEDED, and nothing is sent.
   */
  readonly deadline?: Date | number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** Sent along, over those that travel by themselves. */
  readonly routes?: RouteChanges | undefined;
  /** Parts of a retry policy instead of the configuration's, or `false` for a single attempt. */
  readonly retry?: RetryOverride | undefined;
}

/** The options of a call, checked, each read once. */
export interface CheckedCallOptions {
  /** The caller's own copy; empty where none was given. */
  readonly metadata: Metadata;
  readonly timeoutMs: number | undefined;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly routes: RouteChanges | undefined;
  readonly retry: RetryOverride | undefined;
}

/**
 * Checks the second argument of a client's method, by name and by type.
 *
 * @throws {CallArgumentError} naming the option that is unknown, with the one likely meant, or that cannot be used.
 */
export function readCallOptions(method: string, given: unknown): CheckedCallOptions {
  if (given === undefined || given === null) return { ...NONE, metadata: new Metadata() };
  if (given instanceof Metadata) {
    throw new CallArgumentError(method, 'options', 'found metadata; give it as { metadata }');
  }
  if (typeof given === 'function') {
    const remedy = 'found a function; there are no callbacks, await what the method returns';
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

/** What other clients call the same, or have and kun has elsewhere. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['timeout', 'did you mean timeoutMs, in milliseconds?'],
  ['abortSignal', 'did you mean signal?'],
  ['headers', 'did you mean metadata?'],
  ['retries', 'did you mean retry, as { maxAttempts: 3 }?'],
  ['host', "the authority is the upstream's: its channel option grpc.default_authority"],
  ['credentials', "TLS is the upstream's, in its section TLS; a token goes into metadata"],
  ['parent', 'an incoming call is followed without it; detach() stops that'],
  ['interceptors', 'interceptors belong to the upstream, in KunClientModule.register'],
]);

function readAll(method: string, given: object): CheckedCallOptions {
  const read = new Map<string, unknown>();
  try {
    // Inherited ones count, as they would in `options.timeoutMs`.
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
  const known = `known are ${[...NAMES].join(', ')}`;
  const remedy = REMEDIES.get(name) ?? (near === undefined ? known : `did you mean ${near}?`);
  return new CallArgumentError(method, name.slice(0, 100), `is no option of a call; ${remedy}`);
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
  const remedy = value instanceof AbortController ? '; give its signal' : '';
  const found = describeArgument(value);
  throw new CallArgumentError(method, 'signal', `expected an AbortSignal, found ${found}${remedy}`);
}

/** Names and values are checked where the routes are put together. */
function readRoutes(method: string, value: unknown): RouteChanges | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RouteChanges;
  const expected = "expected an object, as { AccountId: '42' }";
  throw new CallArgumentError(method, 'routes', `${expected}; found ${describeArgument(value)}`);
}
