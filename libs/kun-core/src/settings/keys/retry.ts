import { status } from '@grpc/grpc-js';
import { z } from 'zod';
import { RETRY_POLICIES, RETRY_POLICY_NAMES, type RetryPolicy } from './retry-policy.js';
import { key, part } from '../declare.js';
import { section, type Said } from '../section.js';
import { seconds, toMs } from '../values.js';

/** The most attempts a call may be given; what needs more is down, and the budget says so first. */
export const MAX_RETRY_ATTEMPTS = 10;

/** In gRPC's spelling and in Go's, in which kunapp's documents write them; OK is no reason to try again. */
const CODES_BY_NAME: ReadonlyMap<string, status> = new Map(
  Object.entries(status).flatMap(([name, code]): Array<[string, status]> =>
    typeof code === 'number' && code !== status.OK
      ? [
          [name, code],
          [goName(name), code],
        ]
      : [],
  ),
);

/** The keys of `Retry` that may also be said of a single method. */
export const retryPolicyKeys = {
  Policy: part(z.enum(RETRY_POLICY_NAMES).default('safe'), {
    description:
      'What the other keys of Retry start from. safe: 3 attempts, UNAVAILABLE only and a little more for methods whose proto says that they are idempotent, 100 ms exponential; kunapp: 3 attempts, Internal, Unavailable, Canceled, DeadlineExceeded, ResourceExhausted and Unknown, 50 ms exponential',
    reload: 'live',
  }),
  MaxAttempts: part(attempts().optional(), {
    description: `Attempts at a call, the first included; 1: no retries, ${MAX_RETRY_ATTEMPTS} at most. Default: the policy's`,
    reload: 'live',
  }),
  Codes: part(
    z
      .array(z.enum([...CODES_BY_NAME.keys()]))
      .min(1)
      .optional(),
    {
      description: "Codes after which a call is tried again, for all methods alike. Default: the policy's",
      reload: 'live',
    },
  ),
  InitialBackoff: part(seconds().optional(), {
    description:
      "The most to wait before the second attempt; it doubles for every further one. Default: the policy's",
    unit: 'seconds',
    reload: 'live',
  }),
  MaxBackoff: part(seconds().optional(), {
    description: `The most to wait before any attempt, unless the upstream asks for more. Default: ${RETRY_POLICIES.safe.maxBackoffMs / 1000}`,
    unit: 'seconds',
    reload: 'live',
  }),
  PerAttemptTimeout: part(seconds('positive').optional(), {
    description:
      'How long one attempt may take, where DEADLINE_EXCEEDED is tried again. Default: as long as the call',
    unit: 'seconds',
    reload: 'live',
  }),
};

/** The keys of `Retry` in `GRPCDial` and in an upstream. */
export const retryKeys = {
  By: key('by', z.enum(['app', 'mesh', 'off']).default('app'), {
    description:
      "Who tries calls again, never two: app, this service; mesh, the proxy, asked by Envoy's headers on unary calls; off, nobody",
    reload: 'live',
  }),
  ...retryPolicyKeys,
  BudgetCapacity: part(z.int().min(0).max(100_000).default(100), {
    description:
      'The most tokens there can be, and how many at start; another attempt costs one, so this many may follow each other while nothing succeeds',
    reload: 'restart',
  }),
  BudgetPerSuccess: part(z.number().min(0).max(1).default(0.5), {
    description: 'The tokens that a call earns by succeeding',
    reload: 'restart',
  }),
};

/** The section `Retry` of `GRPCDial`: how calls to an upstream are tried again. */
export const retry = section('retry', retryKeys, {
  fixed: {
    budget: (said) => ({ capacity: said.BudgetCapacity, perSuccess: said.BudgetPerSuccess }),
  },
  live: { policy: resolveRetryPolicy },
});

/** The named policy with what the other keys say instead. */
export function resolveRetryPolicy(said: Said<typeof retryPolicyKeys>): RetryPolicy {
  const named = RETRY_POLICIES[said.Policy];
  const { MaxAttempts, Codes, InitialBackoff, MaxBackoff, PerAttemptTimeout } = said;
  return {
    maxAttempts: MaxAttempts ?? named.maxAttempts,
    codes: Codes ? [...new Set(Codes.flatMap((name) => CODES_BY_NAME.get(name) ?? []))] : named.codes,
    widenIdempotent: Codes === undefined && named.widenIdempotent,
    initialBackoffMs: InitialBackoff === undefined ? named.initialBackoffMs : toMs(InitialBackoff),
    maxBackoffMs: MaxBackoff === undefined ? named.maxBackoffMs : toMs(MaxBackoff),
    attemptTimeoutMs: PerAttemptTimeout === undefined ? named.attemptTimeoutMs : toMs(PerAttemptTimeout),
  };
}

function attempts(): z.ZodInt {
  const error = `expected a whole number of attempts from 1 to ${MAX_RETRY_ATTEMPTS}`;
  return z.int({ error }).min(1, { error }).max(MAX_RETRY_ATTEMPTS, { error });
}

/** `DEADLINE_EXCEEDED` as grpc-go has it: `DeadlineExceeded`, and `Canceled` with one l. */
function goName(name: string): string {
  if (name === 'CANCELLED') return 'Canceled';
  return name
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}
