import type { ConnectionLimits } from '../src/connection/limits/connection-limits.js';
import type { Refusal } from '../src/process/refusal.js';
import type { WireClock } from '../src/process/timers.js';
import { type ProcessLimits, WireProcess } from '../src/process/wire-process.js';
import type { CallEnd, CallListener, IncomingCall, ServedConnection } from '../src/server/incoming-call.js';
import { serveConnection } from '../src/server/serve-connection.js';
import { RawPeer } from './raw-peer.js';

/** A call as seen by a test's server. */
export interface SeenCall {
  readonly call: IncomingCall;
  readonly messages: Buffer[];
  halfClosed: boolean;
  answered: { readonly code: number; readonly message: string } | undefined;
  readonly ends: CallEnd[];
}

/** A clock that only moves when told to. */
export class StillClock implements WireClock {
  private time = 1_000_000;
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.time;
  }

  monotonicMs(): number {
    return this.time;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.time + delayMs, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  get pending(): number {
    return this.timers.size;
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
    this.time = end;
  }
}

export interface ServedPeerOptions {
  readonly limits?: Partial<ConnectionLimits>;
  readonly processLimits?: Partial<ProcessLimits>;
  readonly process?: WireProcess;
  /** Answers a call; by default echoes the last message at half-close. */
  readonly serve?: (seen: SeenCall) => Partial<CallListener>;
}

/** A raw peer and the connection that serves it. */
export class ServedPeer extends RawPeer {
  readonly calls: SeenCall[] = [];
  readonly refusals: Refusal[] = [];
  readonly clock = new StillClock();
  readonly process: WireProcess;
  readonly connection: ServedConnection;

  constructor({ limits, processLimits, process, serve = echo }: ServedPeerOptions = {}) {
    super();
    this.process =
      process ??
      new WireProcess({
        clock: this.clock,
        limits: processLimits,
        onRefused: (refusal) => this.refusals.push(refusal),
      });
    this.connection = serveConnection(this.far, { process: this.process, limits }, (call) => {
      const seen: SeenCall = { call, messages: [], halfClosed: false, answered: undefined, ends: [] };
      this.calls.push(seen);
      const listener = serve(seen);
      return {
        onMessage(bytes) {
          seen.messages.push(Buffer.from(bytes));
          listener.onMessage?.(bytes);
        },
        onHalfClose() {
          seen.halfClosed = true;
          listener.onHalfClose?.();
        },
        onAnswered(code, message) {
          seen.answered = { code, message };
          listener.onAnswered?.(code, message);
        },
        onEnd(end) {
          seen.ends.push(end);
          listener.onEnd?.(end);
        },
      };
    });
  }

  /** The most recent call. */
  get last(): SeenCall {
    const seen = this.calls.at(-1);
    if (seen === undefined) throw new Error('no call has arrived');
    return seen;
  }

  /** Waits until everything of one turn has been written. */
  async turn(): Promise<void> {
    for (let step = 0; step < 4; step++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads all messages, and answers with the last. */
export function echo({ call, messages }: SeenCall): Partial<CallListener> {
  call.read();
  return {
    onMessage: () => call.read(),
    onHalfClose() {
      call.sendMessage(messages.at(-1) ?? Buffer.alloc(0));
      call.sendStatus(0);
    },
  };
}

/** Accepts calls and does nothing with them. */
export function silent(): Partial<CallListener> {
  return {};
}
