import { status as Code } from '@grpc/grpc-js';
import type { CallOptions } from '../src/client/call/call-options.js';
import type { ClientCall } from '../src/client/call/client-call.js';
import { PreparedCall } from '../src/client/call/prepared-call.js';
import { NO_ROUTES, type Routes } from '../src/rpc/call-values.js';
import { runInCall } from '../src/rpc/current-call.js';
import type { CallHandler } from '../src/rpc/interceptor.js';
import type { RpcCall } from '../src/rpc/rpc-call.js';
import { describeMethod } from '../src/rpc/rpc-method.js';
import { FakeClock } from '../src/testing/fake-clock.js';

/** What a chain answers to a call that went well. */
export const OK = { code: Code.OK, message: '', cause: 'status', durationMs: 0 } as const;
export interface Asked {
  readonly options?: CallOptions;
  readonly streams?: { requestStream?: boolean; responseStream?: boolean };
  readonly request?: unknown;
  readonly within?: RpcCall;
  readonly routes?: () => Routes;
}

/** A call that is ready to be made, under an incoming one where there is one. */
export function prepared({
  options,
  streams = {},
  request = {},
  within,
  routes = () => NO_ROUTES,
}: Asked = {}) {
  const clock = new FakeClock();
  const method = describeMethod('/t.v1.T/M', { requestStream: false, responseStream: false, ...streams });
  const parts = {
    target: 'cache:80',
    clock,
    draining: new AbortController().signal,
    timeoutMs: () => 1000,
    onObserverError: () => undefined,
    routes,
  };
  const make = () => new PreparedCall(parts, { method, request, options, deliver: () => true });
  const call = within ? runInCall(within, make) : make();
  /** Makes it, and shows it as its chain sees it. */
  const seen = async (chain: CallHandler = async () => OK) => {
    let made: ClientCall | undefined;
    const ending = await call.carry((given) => ((made = given as ClientCall), chain(given)));
    if (!made) throw new Error('the chain was not called');
    return { ending, call: made };
  };
  return { clock, call, seen };
}
