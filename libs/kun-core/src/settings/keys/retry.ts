import { status } from '@grpc/grpc-js';
import { z } from 'zod';
import { RETRY_POLICIES, RETRY_POLICY_NAMES, type RetryPolicy } from './retry-policy.js';
import { key, part } from '../declare.js';
import { section, type Said } from '../section.js';
import { seconds, toMs } from '../values.js';

/** The maximum number of attempts; an upstream that needs more is down, and the budget stops retries before that. */
export const MAX_RETRY_ATTEMPTS = 10;

/** In gRPC's spelling and in Go's, which kunapp's documents use; OK is not retryable. */
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

/** The keys of `Retry` that can also be set for a single method. */
export const retryPolicyKeys = {
  Policy: part(z.enum(RETRY_POLICY_NAMES).default('safe'), {
    description:
      'Defaults of the other keys of Retry. safe: 3 attempts, UNAVAILABLE only and a few more codes for methods declared idempotent in the proto, 100 ms exponential; kunapp: 3 attempts, Internal, Unavailable, Canceled, DeadlineExceeded, ResourceExhausted and Unknown, 50 ms exponential',
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
      description: "Codes after which a call is retried, the same for all methods. Default: the policy's",
      reload: 'live',
    },
  ),
  InitialBackoff: part(seconds().optional(), {
    description:
      "Maximum delay before the second attempt; doubled for every further one. Default: the policy's",
    unit: 'seconds',
    reload: 'live',
  }),
  MaxBackoff: part(seconds().optional(), {
    description: `Maximum delay before any attempt, unless the upstream asks for more. Default: ${RETRY_POLICIES.safe.maxBackoffMs / 1000}`,
    unit: 'seconds',
    reload: 'live',
  }),
  PerAttemptTimeout: part(seconds('positive').optional(), {
    description:
      'How long one attempt may take if DEADLINE_EXCEEDED is retried. Default: as long as the call',
    unit: 'seconds',
    reload: 'live',
  }),
};

/** The keys of `Retry` in `GRPCDial` and in an upstream. */
export const retryKeys = {
  By: key('by', z.enum(['app', 'mesh', 'off']).default('app'), {
    description:
      "Who retries calls, never both: app, this service; mesh, the proxy, through Envoy's headers on unary calls; off, nobody",
    reload: 'live',
  }),
  ...retryPolicyKeys,
  BudgetCapacity: part(z.int().min(0).max(100_000).default(100), {
    description:
      'Maximum and initial number of tokens; each retry costs one, so this many retries are possible while nothing succeeds',
    reload: 'restart',
  }),
  BudgetPerSuccess: part(z.number().min(0).max(1).default(0.5), {
    description: 'Tokens that a successful call earns',
    reload: 'restart',
  }),
};

/** The section `Retry` of `GRPCDial`: how calls to an upstream are retried. */
export const retry = section('retry', retryKeys, {
  fixed: {
    budget: (said) => ({ capacity: said.BudgetCapacity, perSuccess: said.BudgetPerSuccess }),
  },
  live: { policy: resolveRetryPolicy },
});

/** The named policy with its explicit overrides. */
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

/** `DEADLINE_EXCEEDED` in grpc-go's spelling: `DeadlineExceeded`, and `Canceled` with one l. */
function goName(name: string): string {
  if (name === 'CANCELLED') return 'Canceled';
  return name
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}
