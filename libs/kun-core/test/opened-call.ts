import { Metadata } from '@grpc/grpc-js';
import { OpenCalls } from '../src/rpc/open-calls.js';
import type { Ending } from '../src/rpc/rpc-call.js';
import { describeMethod } from '../src/rpc/rpc-method.js';
import { FakeClock } from '../src/testing/fake-clock.js';
import type { LeftOutMetadata } from '../src/transport/outgoing-metadata.js';
import type { BoundMethod } from '../src/server/call/bound-method.js';
import { ServerCall } from '../src/server/call/server-call.js';
import type { WireCall, CallStatus } from '../src/server/call/wire-call.js';

/** How long an {@link opened} call may take. */
export const DEADLINE_MS = 5000;

/** What differs from the usual in an {@link opened} call. */
export interface OpenedOptions {
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
  /** Overrides parts of the wire. */
  readonly wire?: Partial<WireCall>;
  /** Overrides parts of the bound method. */
  readonly bound?: Partial<BoundMethod>;
  readonly codec?: Partial<BoundMethod['codec']>;
  /** Shared with other calls. Default: one of its own */
  readonly clock?: FakeClock;
  /** Likewise. */
  readonly openCalls?: OpenCalls<ServerCall>;
}

/** A call over a fake wire that records what is sent. */
export function opened({
  requestStream = false,
  responseStream = false,
  wire: changes = {},
  bound: served = {},
  codec = {},
  clock = new FakeClock(),
  openCalls = new OpenCalls<ServerCall>(),
}: OpenedOptions = {}) {
  const sent: string[] = [];
  /** The statuses that were sent. */
  const statuses: CallStatus[] = [];
  /** The headers that were sent. */
  const headers: Array<Parameters<WireCall['sendHeaders']>> = [];
  /** Flush callbacks of the messages, oldest first. */
  const taken: Array<() => void> = [];
  const late: unknown[] = [];
  const leftOut: LeftOutMetadata[] = [];
  const method = describeMethod('/test.v1.Test/Get', { requestStream, responseStream });
  const wire: WireCall = {
    peer: '10.0.0.1:2',
    deadline: clock.now() + DEADLINE_MS,
    host: 'test',
    socket: undefined,
    authContext: {},
    get metricsRecorder(): never {
      throw new TypeError('none');
    },
    readMetadata: () => new Metadata(),
    read: () => {},
    compresses: false,
    congested: false,
    sendHeaders(...sending) {
      headers.push(sending);
      sent.push('headers');
    },
    sendMessage(bytes, onTaken) {
      sent.push(bytes.toString());
      taken.push(onTaken);
    },
    sendStatus(status) {
      statuses.push(status);
      sent.push(`status ${status.code}`);
    },
    breakOff: ({ code }) => void sent.push(`broken ${code}`),
    ...changes,
  };
  const bound: BoundMethod = {
    method,
    codec: {
      deserializeRequest: String,
      serializeResponse: (message) => Buffer.from(String(message)),
      ...codec,
    },
    handler: () => Promise.resolve(),
    style: 'message',
    emptyResponse: false,
    ...served,
  };
  const call = new ServerCall(
    method,
    wire,
    {
      clock,
      openCalls,
      draining: new AbortController().signal,
      onLateError: (_call, error) => void late.push(error),
      onLeftOut: (metadata) => void leftOut.push(metadata),
    },
    bound,
  );
  const endings: Ending[] = [];
  call.onEnd((ending) => endings.push(ending));
  return { call, bound, wire, sent, statuses, headers, taken, late, leftOut, endings, openCalls, clock };
}
