import { Metadata } from '@grpc/grpc-js';
import { OpenCalls } from '../src/rpc/open-calls.js';
import { describeMethod } from '../src/rpc/rpc-method.js';
import type { Ending } from '../src/rpc/rpc-call.js';
import { ServerCall } from '../src/server/call/server-call.js';
import { LocalCall } from '../src/server/port/local-call.js';
import { FakeClock } from '../src/testing/fake-clock.js';

/** The size of the largest message of a {@link madeLocally} call. */
export const MOST_BYTES = 8;

/** A call within the process, with what its caller, its handler and its observers heard. */
export function madeLocally({ timeoutMs = Infinity, reading = true } = {}) {
  const clock = new FakeClock();
  const metadata = new Metadata();
  const told: string[] = [];
  const heard: string[] = [];
  const endings: Ending[] = [];
  const taking: Array<() => void> = [];
  const openCalls = new OpenCalls<ServerCall>();
  const local = new LocalCall(
    {
      peer: '10.0.0.1:2',
      metadata,
      deadline: clock.now() + timeoutMs,
      onHeaders: (headers) => told.push(`headers ${JSON.stringify(headers.getMap())}`),
      onMessage: (bytes, taken) => {
        told.push(bytes.toString());
        taking.push(taken);
      },
      onEnd: ({ code, details }) => told.push(`${code} ${details}`),
    },
    { clock, maxMessageBytes: MOST_BYTES },
  );
  const method = describeMethod('/t.v1.T/Chat', { requestStream: true, responseStream: true });
  const environment = {
    clock,
    openCalls,
    draining: new AbortController().signal,
    onLateError() {},
    onLeftOut() {},
  };
  const call = new ServerCall(method, local, environment, {
    method,
    codec: { deserializeRequest: String, serializeResponse: (message) => Buffer.from(String(message)) },
    handler: () => Promise.resolve(),
    style: 'message',
    emptyResponse: false,
  });
  call.onEnd((ending) => endings.push(ending));
  call.readWith({
    message(message) {
      heard.push(String(message));
      if (reading) call.pull();
    },
    halfClose: () => heard.push('done'),
    cancelled: () => heard.push('cancelled'),
  });
  local.call = call;
  local.run = () => {
    call.handlerStarts();
    if (reading) call.pull();
  };
  const push = (text: string, onTaken?: () => void) => local.push(Buffer.from(text), onTaken);
  return { local, call, push, told, heard, endings, taking, openCalls, clock, metadata };
}
