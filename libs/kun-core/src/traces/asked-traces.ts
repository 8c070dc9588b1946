import type { RpcCall } from '../rpc/rpc-call.js';

/** Requested traces of calls to a method. */
export interface AskedMethod {
  /** `/package.Service/Method`, or `*` for all. */
  readonly method: string;
  readonly remaining: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A call that was traced on request. */
export interface AskedTrace {
  readonly at: number;
  readonly side: 'server' | 'client';
  readonly method: string;
  readonly requestId: string;
  readonly traceId: string;
}

const MAX_KEPT = 100;

/** Traces the next calls of a method on request, whatever the sampling ratio and the callers decide. */
export class AskedTraces {
  /** Read on every call: false while no traces are requested. */
  active = false;
  private readonly asked = new Map<string, { remaining: number; expiresAt: number }>();
  private readonly kept: AskedTrace[] = [];

  ask(method: string, calls: number, expiresAt: number): void {
    this.asked.set(method, { remaining: calls, expiresAt });
    this.active = true;
  }

  /** Whether the call is to be traced on request; if so, it is counted. */
  take({ method: { path, infrastructure }, startedAt }: RpcCall): boolean {
    for (const method of infrastructure ? [path] : [path, '*']) {
      const asked = this.asked.get(method);
      if (!asked) continue;
      const taken = asked.expiresAt > startedAt;
      if (!taken || --asked.remaining === 0) this.asked.delete(method);
      this.active = this.asked.size > 0;
      if (taken) return true;
    }
    return false;
  }

  /** Records the trace of such a call. */
  recorded(call: RpcCall, traceId: string): void {
    const { side, method, requestId, startedAt: at } = call;
    this.kept.unshift({ at, side, method: method.path, requestId, traceId });
    if (this.kept.length > MAX_KEPT) this.kept.pop();
  }

  /** The requests that are not yet fulfilled. */
  pending(nowMs: number): AskedMethod[] {
    return [...this.asked]
      .filter(([, { expiresAt }]) => expiresAt > nowMs)
      .map(([method, asked]) => ({ method, ...asked }));
  }

  /** Latest first. */
  get traces(): readonly AskedTrace[] {
    return this.kept;
  }
}
