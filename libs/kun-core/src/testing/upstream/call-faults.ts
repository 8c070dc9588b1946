import { systemClock, type Clock, delay } from '../../clock.js';
import type { CallHandler } from '../../rpc/interceptor.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import type { StatusError } from '../../status/status-error.js';

/** Which calls, and how many of them. */
export interface FaultScope {
  /** By its name (`Reserve`) or path. Default: all methods */
  readonly method?: string;
  /** Heals by itself after so many calls. Default: until `heal()` */
  readonly times?: number;
}

/** What becomes of a call in the place of its answer. */
type Fault = (call: RpcCall, next: CallHandler) => Promise<Ending>;

/** The faults that calls meet, one at a time for each. */
export class CallFaults {
  private faults: Array<{ readonly scope: FaultScope; readonly fault: Fault; left: number }> = [];

  constructor(private readonly clock: Clock = systemClock) {}

  /** Calls end with an error, and never reach a handler. */
  failWith(error: StatusError, scope: FaultScope): void {
    this.add(scope, (call, next) => {
      call.end(error);
      return next(call);
    });
  }

  /** Calls reach their handlers so much later, or never when their callers have left by then. */
  delayBy(delayMs: number, scope: FaultScope): void {
    this.add(scope, async (call, next) => {
      await delay(this.clock, delayMs, call.signal);
      return next(call);
    });
  }

  /** Calls are taken and never answered, until their callers leave. */
  neverAnswer(scope: FaultScope): void {
    this.add(scope, (call) => new Promise((resolve) => call.onEnd(resolve)));
  }

  /** Something happens to the connection in the place of an answer. */
  instead(happens: () => void, scope: FaultScope): void {
    this.add(scope, (call) => {
      happens();
      return new Promise((resolve) => call.onEnd(resolve));
    });
  }

  /** From here on calls are answered. */
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
