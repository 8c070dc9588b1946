import { status as Code, type Metadata } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import { REQUEST_ID_HEADER, requestIdFrom } from '../../rpc/call-values.js';
import { describeMethod, type RpcMethod } from '../../rpc/rpc-method.js';
import type { CallStatus } from '../../server/call/wire-call.js';
import { codeName } from '../../status/code.js';
import { fromServiceError } from '../../status/wire/service-error.js';
import { badRequest, notFound } from '../access/http-error.js';
import { toMetadata, type AskedCall } from './call-request.js';
import type { JsonMethod, ProtoJson } from './proto-json.js';

/** A checked call, all of which fits the method's proto. */
export interface CheckedCall {
  readonly rpc: RpcMethod;
  readonly method: JsonMethod;
  readonly messages: readonly unknown[];
  readonly metadata: Metadata;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

const UNARY_TIMEOUT_MS = 30_000;
const STREAM_TIMEOUT_MS = 600_000;

/** @throws {HttpError} when it cannot be called. */
export async function checkCall(asked: AskedCall, protos: ProtoJson, clock: Clock): Promise<CheckedCall> {
  const method = await protos.method(asked.method);
  if (!method) {
    throw notFound(`there is no method ${asked.method.slice(0, 200)}; /methods lists those there are`);
  }
  const rpc = describeMethod(asked.method, streamsOf(method));
  const messages = messagesOf(asked, rpc);
  const metadata = toMetadata(asked.metadata);
  const requestId = requestIdFrom(metadata.get(REQUEST_ID_HEADER)[0]);
  metadata.set(REQUEST_ID_HEADER, requestId);
  const timeoutMs = asked.timeoutMs ?? (rpc.kind === 'unary' ? UNARY_TIMEOUT_MS : STREAM_TIMEOUT_MS);
  // Before the call is created, so that a bad message creates none.
  for (const message of messages) method.encode(message);
  return { rpc, method, messages, metadata, requestId, deadline: clock.now() + timeoutMs };
}

/** A status for display. */
export function shownStatus(status: CallStatus) {
  const { code, details: message, metadata } = status;
  const details: readonly unknown[] =
    code === Code.OK || !metadata ? [] : fromServiceError({ code, details: message, metadata }).details;
  return { code, codeName: codeName(code), message, details };
}

function streamsOf({ descriptor }: JsonMethod): { requestStream: boolean; responseStream: boolean } {
  const { methodKind: kind } = descriptor;
  return {
    requestStream: kind === 'client_streaming' || kind === 'bidi_streaming',
    responseStream: kind === 'server_streaming' || kind === 'bidi_streaming',
  };
}

/** @throws {HttpError} when there are more messages than the method takes. */
function messagesOf({ messages, open }: AskedCall, { requestStream, path }: RpcMethod): readonly unknown[] {
  if (requestStream) return messages ?? [];
  if (open) throw badRequest(`${path} takes one message: it cannot be left open`);
  if (messages && messages.length !== 1)
    throw badRequest(`${path} takes one message, not ${messages.length}`);
  return messages ?? [{}];
}
