import { status as Code } from '@grpc/grpc-js';
import { type Clock, delay } from '../../clock.js';
import { StatusError } from '../../status/status-error.js';
import type { OpenCalls } from '../../rpc/open-calls.js';
import type { ServerCall } from '../call/server-call.js';
import type { Listener } from './listener.js';

/** Limits of a drain, counted from the GOAWAY. */
export interface DrainLimits {
  /** When remaining streams are ended with UNAVAILABLE. */
  readonly streamGraceMs: number;
  /** When everything that remains is forced. */
  readonly timeoutMs: number;
  /** Abort to force immediately. */
  readonly force: AbortSignal;
  /** Calls that were told about the shutdown before the GOAWAY, and may have ended since. Default: none */
  readonly openWhenTold?: ReadonlySet<ServerCall>;
}

/** The operations of a listener that a drain uses. */
export type DrainedListener = Pick<Listener, 'connectionCount' | 'stopAccepting' | 'closeConnections'>;

/** For a server without a port, whose calls are made in process. */
export const NO_LISTENER: DrainedListener = {
  connectionCount: 0,
  stopAccepting: () => Promise.resolve(),
  closeConnections: () => Promise.resolve(),
};

/** How long the last statuses may take to reach their callers before connections are cut. */
const FLUSH_MS = 250;

/**
 * Lets calls in flight finish, then ends streams, then forces the rest. Calls that arrive meanwhile, from callers that
 * have not yet seen the GOAWAY, are served like any other.
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
  // A call that is in transit when the last one ends counts as well.
  void allHaveCome.then(() => calls.whenIdle()).then(() => settled.abort());
  const cut = AbortSignal.any([limits.force, settled.signal]);

  // Health watches have been notified, and would otherwise stay until the limit.
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

/** How the server's calls ended during the drain. */
export interface DrainReport {
  /** Calls that were told about the shutdown or open at the GOAWAY, and ended on their own. */
  readonly drained: number;
  /** Streams that were ended with UNAVAILABLE and whose handlers then returned. */
  readonly ended: number;
  /** Calls or handlers that were still running at the drain timeout. */
  readonly forced: readonly ForcedCall[];
}
