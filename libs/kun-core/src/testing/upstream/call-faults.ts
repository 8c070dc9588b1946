import { systemClock, type Clock, delay } from '../../clock.js';
import type { CallHandler } from '../../rpc/interceptor.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import type { StatusError } from '../../status/status-error.js';

/** Which calls a fault affects, and how many. */
export interface FaultScope {
  /** By name (`Reserve`) or path. Default: all methods */
  readonly method?: string;
  /** The number of calls after which the fault ends by itself. Default: until `heal()` */
  readonly times?: number;
}

/** What happens to a call instead of its being answered. */
type Fault = (call: RpcCall, next: CallHandler) => Promise<Ending>;

/** The faults injected into calls; each call meets at most one. */
export class CallFaults {
  private faults: Array<{ readonly scope: FaultScope; readonly fault: Fault; left: number }> = [];

  constructor(private readonly clock: Clock = systemClock) {}

  /** Ends calls with an error before they reach a handler. */
  failWith(error: StatusError, scope: FaultScope): void {
    this.add(scope, (call, next) => {
      call.end(error);
      return next(call);
    });
  }

  /** Delays calls before they reach their handlers; those whose callers have left by then never do. */
  delayBy(delayMs: number, scope: FaultScope): void {
    this.add(scope, async (call, next) => {
      await delay(this.clock, delayMs, call.signal);
      return next(call);
    });
  }

  /** Accepts calls and never answers them, until their callers leave. */
  neverAnswer(scope: FaultScope): void {
    this.add(scope, (call) => new Promise((resolve) => call.onEnd(resolve)));
  }

  /** Does something to the connection instead of answering. */
  instead(happens: () => void, scope: FaultScope): void {
    this.add(scope, (call) => {
      happens();
      return new Promise((resolve) => call.onEnd(resolve));
    });
  }

  /** Answers calls again. */
  heal(): void {
    this.faults = [];
  }

  intercept(next: CallHandler): CallHandler {
    return (call) => {
      const met = this.faults.find(({ scope, left }) => left > 0 && isIn(scope, call));
      if (!met) return next(call);
      met.left--;
      return met.fault(call, next);
    };
  }

  private add(scope: FaultScope, fault: Fault): void {
    this.faults.unshift({ scope, fault, left: scope.times ?? Infinity });
  }
}

function isIn({ method }: FaultScope, call: RpcCall): boolean {
  const { path, name } = call.method;
  return method === undefined || method === path || method === name;
}
