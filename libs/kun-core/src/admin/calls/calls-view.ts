import type { Clock } from '../../clock.js';
import {
  endOfStep,
  stepAt,
  STEP_SECONDS,
  STEPS,
  type CallSeries,
  type Step,
} from '../../recent/call-series.js';
import type { Failure } from '../../recent/failed-calls.js';
import type { RecentCalls, RecentSide } from '../../recent/recent-calls.js';
import type { OpenCalls } from '../../rpc/open-calls.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { codeName } from '../../status/code.js';
import type { CallInFlight, CallsAnswer, FailedCall, MethodSeries, Side } from '../answers/calls.js';
import type { SeriesPoint } from '../answers/events.js';

/** The sources of the calls. */
export interface CallsParts {
  readonly clock: Clock;
  readonly recent: RecentCalls;
  /** Incoming calls. */
  readonly openCalls: OpenCalls<RpcCall>;
}

/** How many of each side are shown. */
const MAX_SHOWN = 200;

/** The calls in flight, the oldest first. */
export function callsInFlight({ clock, recent, openCalls }: CallsParts): CallsAnswer['inFlight'] {
  const now = clock.now();
  const made = recent.clients.flatMap(({ open, upstream }) => [...open].map((call) => ({ call, upstream })));
  const taken = [...openCalls].map((call) => ({ call, upstream: undefined }));
  const oldest = [taken, made].flatMap((calls) =>
    calls.toSorted((a, b) => a.call.startedAt - b.call.startedAt).slice(0, MAX_SHOWN),
  );
  return {
    server: taken.length,
    client: made.length,
    calls: oldest.map(({ call, upstream }) => inFlight(call, upstream, now)),
  };
}

function inFlight(call: RpcCall, upstream: string | undefined, now: number): CallInFlight {
  const { method, requestId, peer, startedAt, deadline, received, sent, attempt, side } = call;
  return {
    side,
    ...(upstream !== undefined && { upstream }),
    ...nameOf(method),
    requestId,
    peer,
    startedAt,
    ageMs: Math.max(0, Math.round(now - startedAt)),
    ...(Number.isFinite(deadline) && { deadline: Math.round(deadline) }),
    received,
    sent,
    attempt,
    state: call.ending ? 'handler' : 'open',
  };
}

/** The series of the methods that were called in the last five minutes, the busiest first. */
export function recentSeries({ clock, recent }: CallsParts): CallsAnswer['recent'] {
  const now = clock.now();
  const last = stepAt(now) - 1;
  const steps = Array.from({ length: STEPS - 1 }, (_, index) => last - STEPS + 2 + index);
  const methods = eachSeries(recent).flatMap(({ series, method, recent: { upstream } }) => {
    const kept = steps.map((step) => series.at(step, now));
    const total = kept.reduce((sum, step) => sum + (step?.count ?? 0), 0);
    return total === 0 ? [] : [{ total, series: seriesOf(method, upstream, kept) }];
  });
  return {
    stepSeconds: STEP_SECONDS,
    until: endOfStep(last),
    methods: methods
      .toSorted((a, b) => b.total - a.total)
      .slice(0, MAX_SHOWN)
      .map(({ series }) => series),
  };
}

function seriesOf(
  method: RpcMethod,
  upstream: string | undefined,
  kept: ReadonlyArray<Step | undefined>,
): MethodSeries {
  return {
    ...whose(method, upstream),
    rate: kept.map((step) => (step?.count ?? 0) / STEP_SECONDS),
    errors: kept.map((step) => (step?.errors ?? 0) / STEP_SECONDS),
    p50Ms: kept.map((step) => step?.p50Ms ?? null),
    p99Ms: kept.map((step) => step?.p99Ms ?? null),
  };
}

/** The figures of a completed step. */
export function pointsOf({ clock, recent }: CallsParts, step: number): SeriesPoint[] {
  const now = clock.now();
  return eachSeries(recent).flatMap(({ series, method, recent: { upstream } }) => {
    const kept = series.at(step, now);
    if (!kept) return [];
    const { count, errors, p50Ms, p99Ms } = kept;
    const rates = { rate: count / STEP_SECONDS, errors: errors / STEP_SECONDS };
    return [{ ...whose(method, upstream), ...rates, p50Ms, p99Ms }];
  });
}

function eachSeries(
  recent: RecentCalls,
): Array<{ readonly method: RpcMethod; readonly series: CallSeries; readonly recent: RecentSide }> {
  return [recent.server, ...recent.clients].flatMap((side) =>
    [...side.series].map(([method, series]) => ({ method, series, recent: side })),
  );
}

/** A failure, as in the answer. */
export function failedCall(failure: Failure): FailedCall {
  const { method, code, upstream, traceId, durationMs, ...same } = failure;
  return {
    ...same,
    ...nameOf(method),
    ...(upstream !== undefined && { upstream }),
    ...(traceId !== undefined && { traceId }),
    code,
    codeName: codeName(code),
    durationMs: Math.round(durationMs * 1000) / 1000,
  };
}

function whose(method: RpcMethod, upstream: string | undefined) {
  const side: Side = upstream === undefined ? 'server' : 'client';
  return { side, ...(upstream !== undefined && { upstream }), ...nameOf(method) };
}

function nameOf({ path, kind }: RpcMethod): { readonly method: string; readonly kind: RpcMethod['kind'] } {
  return { method: path, kind };
}
