import { status as Code } from '@grpc/grpc-js';
import { type Clock, delay } from '../../clock.js';
import { StatusError } from '../../status/status-error.js';
import type { OpenCalls } from '../../rpc/open-calls.js';
import type { ServerCall } from '../call/server-call.js';
import type { Listener } from './listener.js';

/** Limits of a drain, counted from the GOAWAY. */
export interface DrainLimits {
  /** When streams that have not left are ended with UNAVAILABLE. */
  readonly streamGraceMs: number;
  /** When whatever is left is forced. */
  readonly timeoutMs: number;
  /** Aborts to force at once. */
  readonly force: AbortSignal;
  /** Calls that were told of the stop before the GOAWAY, and may have left since. Default: none */
  readonly openWhenTold?: ReadonlySet<ServerCall>;
}

/** What a drain does with the connections. */
export type DrainedListener = Pick<Listener, 'connectionCount' | 'stopAccepting' | 'closeConnections'>;

/** Where calls come from within only. */
export const NO_LISTENER: DrainedListener = {
  connectionCount: 0,
  stopAccepting: () => Promise.resolve(),
  closeConnections: () => Promise.resolve(),
};

/** What is given to the last statuses to reach their callers before connections are cut. */
const FLUSH_MS = 250;

/**
 * Lets the calls in flight finish, then ends streams, then forces the rest. Calls that arrive meanwhile, over
 * connections whose callers have not seen the GOAWAY, are served like any other.
 */
export async function drain(
  calls: OpenCalls<ServerCall>,
  listener: DrainedListener,
  clock: Clock,
  { openWhenTold = new Set(), ...limits }: DrainLimits,
): Promise<DrainReport> {
  const open = new Set([...openWhenTold, ...calls]);
  const allHaveCome = listener.stopAccepting();
  const ended = new Set<ServerCall>();
  const settled = new AbortController();
  // A call that is on its way when the last one ends is a call, too.
  void allHaveCome.then(() => calls.whenIdle()).then(() => settled.abort());
  const cut = AbortSignal.any([limits.force, settled.signal]);

  // Watches of the health have been told, and would stay as long as they may.
  for (const call of calls) if (call.method.infrastructure) endForShutdown(call, ended);

  await delay(clock, Math.min(limits.streamGraceMs, limits.timeoutMs), cut);
  for (const call of settled.signal.aborted ? [] : calls) {
    if (call.method.kind !== 'unary') endForShutdown(call, ended);
  }
  if (limits.timeoutMs > limits.streamGraceMs) {
    await delay(clock, limits.timeoutMs - limits.streamGraceMs, cut);
  }
  const forced = await forceOpenCalls(calls, clock, settled.signal);
  await listener.closeConnections(clock, FLUSH_MS);
  const left = new Set(forced.map(({ call }) => call));
  return {
    drained: [...open].filter((call) => !ended.has(call) && !left.has(call)).length,
    ended: [...ended].filter((call) => !left.has(call)).length,
    forced: forced.map(({ report }) => report),
  };
}

async function forceOpenCalls(
  calls: OpenCalls<ServerCall>,
  clock: Clock,
  settled: AbortSignal,
): Promise<Array<{ call: ServerCall; report: ForcedCall }>> {
  const left = [...calls];
  if (left.length === 0) return [];
  const forced = left.map((call) => ({
    call,
    report: {
      method: call.method.path,
      requestId: call.requestId,
      ageMs: Math.round(clock.now() - call.startedAt),
    },
  }));
  const flushed = Promise.all(
    left.map((call) => new Promise<void>((resolve) => call.onEnd(() => resolve()))),
  );
  for (const call of left) endForShutdown(call, new Set());
  const done = new AbortController();
  void flushed.then(() => done.abort());
  await delay(clock, FLUSH_MS, AbortSignal.any([done.signal, settled]));
  return forced;
}

function endForShutdown(call: ServerCall, ended: Set<ServerCall>): void {
  ended.add(call);
  call.end(new StatusError(Code.UNAVAILABLE, 'the server is shutting down'));
}

/** A call that had to be forced. */
export interface ForcedCall {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly requestId: string;
  readonly ageMs: number;
}

/** How the server's calls ended when it was drained. */
export interface DrainReport {
  /** Calls that were told of the stop, or open at the GOAWAY, and ended by themselves. */
  readonly drained: number;
  /** Streams that were ended with UNAVAILABLE, and whose handlers then left. */
  readonly ended: number;
  /** Calls or handlers that were not over at the drain timeout. */
  readonly forced: readonly ForcedCall[];
}
