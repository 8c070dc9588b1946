import type { RpcCall } from '../rpc/rpc-call.js';

/** Calls of a method that somebody has asked to be recorded. */
export interface AskedMethod {
  /** `/package.Service/Method`, or `*` for all. */
  readonly method: string;
  readonly remaining: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A call that was recorded for it. */
export interface AskedTrace {
  readonly at: number;
  readonly side: 'server' | 'client';
  readonly method: string;
  readonly requestId: string;
  readonly traceId: string;
}

const MAX_KEPT = 100;

/** The next calls of a method that are recorded whatever the ratio and the callers say, because somebody asked for it. */
export class AskedTraces {
  /** Looked at for every call: there is nothing to take while nobody has asked. */
  active = false;
  private readonly asked = new Map<string, { remaining: number; expiresAt: number }>();
  private readonly kept: AskedTrace[] = [];

  ask(method: string, calls: number, expiresAt: number): void {
    this.asked.set(method, { remaining: calls, expiresAt });
    this.active = true;
  }

  /** Whether the call is one of those asked for. */
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

  /** A call that was taken is recorded. */
  recorded(call: RpcCall, traceId: string): void {
    const { side, method, requestId, startedAt: at } = call;
    this.kept.unshift({ at, side, method: method.path, requestId, traceId });
    if (this.kept.length > MAX_KEPT) this.kept.pop();
  }

  /** What is still to come. */
  pending(nowMs: number): AskedMethod[] {
    return [...this.asked]
      .filter(([, { expiresAt }]) => expiresAt > nowMs)
      .map(([method, asked]) => ({ method, ...asked }));
  }

  /** The latest first. */
  get traces(): readonly AskedTrace[] {
    return this.kept;
  }
}
