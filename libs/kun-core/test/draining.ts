import { status as Code } from '@grpc/grpc-js';
import { OpenCalls } from '../src/rpc/open-calls.js';
import type { ServerCall } from '../src/server/call/server-call.js';
import { drain, type DrainedListener, type DrainLimits } from '../src/server/port/drain.js';
import { deferred } from '../src/testing/deferred.js';
import { FakeClock } from '../src/testing/fake-clock.js';
import { opened, type OpenedOptions } from './opened-call.js';

/** The limits of a {@link draining} server, unless told otherwise. */
export const GRACE_MS = 1000;
/** Likewise. */
export const TIMEOUT_MS = 5000;

/** A server with calls, and what became of its connections. */
export function draining() {
  const clock = new FakeClock();
  const openCalls = new OpenCalls<ServerCall>();
  const told: string[] = [];
  const allHaveCome = deferred();
  const force = new AbortController();
  const listener: DrainedListener = {
    connectionCount: 1,
    stopAccepting: () => {
      told.push('goaway');
      return allHaveCome.promise;
    },
    closeConnections: async (_clock, flushMs) => void told.push(`closed within ${flushMs}`),
  };
  /** A call whose handler runs; it ends as the wire would have it, and settles when it is told to. */
  const call = (kind: OpenedOptions = {}) => {
    const one = opened({ clock, openCalls, ...kind });
    one.call.handlerStarts();
    const code = () => one.statuses[0]?.code;
    const flush = () => one.call.finish({ code: code() ?? Code.OK, message: '', cause: 'status' });
    return {
      ...one,
      code,
      flush,
      answer() {
        one.call.succeed();
        flush();
      },
      leave() {
        flush();
        one.call.handlerDone();
      },
    };
  };
  const begin = (limits: Partial<DrainLimits> = {}) => {
    const all = { streamGraceMs: GRACE_MS, timeoutMs: TIMEOUT_MS, force: force.signal, ...limits };
    let over = false;
    const report = drain(openCalls, listener, clock, all).finally(() => (over = true));
    return { report, isOver: () => over };
  };
  return { clock, openCalls, told, allHaveCome, force, call, begin };
}
