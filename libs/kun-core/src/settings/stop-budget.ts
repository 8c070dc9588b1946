/** How long HTTP requests in flight may take to end on stop, in milliseconds (kunapp's 3 seconds). */
export const HTTP_STOP_TIMEOUT_MS = 3000;

/** What the budget keeps free for closing channels, flushing telemetry and leaving, in milliseconds. */
export const STOP_MARGIN_MS = 1000;

/** The parts of a stop that can take time, each in milliseconds. */
export interface StopBudget {
  readonly preStopDelayMs: number;
  readonly drainTimeoutMs: number;
  /** {@link HTTP_STOP_TIMEOUT_MS} where there is an HTTP port, else 0. */
  readonly httpTimeoutMs: number;
  /** What all stop callbacks may take together. */
  readonly callbacksMs: number;
  readonly marginMs: number;
}

/** The longest a stop may take: the sum of its parts. */
export function longestStopMs(budget: StopBudget): number {
  return (
    budget.preStopDelayMs +
    budget.drainTimeoutMs +
    budget.httpTimeoutMs +
    budget.callbacksMs +
    budget.marginMs
  );
}

/**
 * Says whether a stop fits between SIGTERM and SIGKILL: `undefined` when it does, or when there is no grace
 * period to fit into; else one warning with the sum and the remedy.
 */
export function stopBudgetWarning(budget: StopBudget, gracePeriodMs: number | undefined): string | undefined {
  const longestMs = longestStopMs(budget);
  if (gracePeriodMs === undefined || longestMs <= gracePeriodMs) return undefined;
  const parts: [string, number][] = [
    ['GRPCServer.PreStopDelay', budget.preStopDelayMs],
    ['GRPCServer.GrpcGracefulStopTimeout', budget.drainTimeoutMs],
    ['HTTP', budget.httpTimeoutMs],
    ['stop callbacks', budget.callbacksMs],
    ['margin', budget.marginMs],
  ];
  const sum = parts
    .filter(([, ms]) => ms > 0)
    .map(([name, ms]) => `${name} ${ms / 1000}`)
    .join(' + ');
  return (
    `a stop may take ${longestMs / 1000} s (${sum}), but the process is killed after ${gracePeriodMs / 1000} s; ` +
    `set the pod's terminationGracePeriodSeconds and TerminationGracePeriod to at least ${Math.ceil(longestMs / 1000)}, ` +
    'or lower GRPCServer.GrpcGracefulStopTimeout'
  );
}
