import { Metadata } from '@grpc/grpc-js';
import { systemClock } from '../src/clock.js';
import { ClientCall, type Exchange } from '../src/client/call/client-call.js';
import { requestSource } from '../src/client/call/request-source.js';
import { NO_ROUTES } from '../src/rpc/call-values.js';
import { describeMethod } from '../src/rpc/rpc-method.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A call of a method of `t.v1.T`, with what its caller got. */
export function asked(rpc: string, request: unknown, changes: Partial<Exchange> = {}) {
  const requestStream = rpc === 'Collect' || rpc === 'Chat';
  const method = describeMethod(`/t.v1.T/${rpc}`, {
    requestStream,
    responseStream: rpc === 'Watch' || rpc === 'Chat',
  });
  const leave = new AbortController();
  const got: unknown[] = [];
  /** Whether the caller asks to stop after each message. */
  const slow = { down: false };
  const observed: unknown[] = [];
  let finished = false;
  const source = requestStream ? requestSource(method.path, request) : undefined;
  const exchange: Writable<Exchange> = {
    clock: systemClock,
    request: requestStream ? undefined : request,
    requests: source && {
      read: () => source.read(),
      finish() {
        finished = true;
        source.finish();
      },
    },
    signal: leave.signal,
    draining: new AbortController().signal,
    deadline: Infinity,
    routes: NO_ROUTES,
    onObserverError: (_call, error) => void observed.push(error),
    deliver(message) {
      got.push(message);
      return !slow.down;
    },
    onDemand: undefined,
    committed: false,
    attempts: 0,
    ...changes,
  };
  const call = new ClientCall(
    { method, metadata: new Metadata(), requestId: 'r-1', peer: 'dialled' },
    exchange,
  );
  return { call, exchange, leave, got, slow, observed, finished: () => finished };
}
