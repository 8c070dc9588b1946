/** The part of `process` that is needed: tests bring their own. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

const STOP_SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

/**
 * Calls `onFirst` at the first SIGTERM or SIGINT and `onSecond` at each one after it. Returns what takes the listeners
 * off again.
 */
export function onStopSignals(
  source: SignalSource,
  handlers: { onFirst(signal: NodeJS.Signals): void; onSecond(signal: NodeJS.Signals): void },
): () => void {
  let seen = false;
  const listener = (signal: NodeJS.Signals) => {
    if (seen) handlers.onSecond(signal);
    else handlers.onFirst(signal);
    seen = true;
  };
  for (const signal of STOP_SIGNALS) source.on(signal, listener);
  return () => {
    for (const signal of STOP_SIGNALS) source.off(signal, listener);
  };
}
