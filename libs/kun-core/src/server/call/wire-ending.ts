import { status as Code } from '@grpc/grpc-js';
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import type { Ending } from '../../rpc/rpc-call.js';

/** What a closed HTTP/2 server stream tells of its call. */
export interface ClosedStream {
  readonly sentHeaders?: OutgoingHttpHeaders | undefined;
  readonly sentTrailers?: OutgoingHttpHeaders | undefined;
  readonly rstCode?: number | undefined;
}

/** The part of an ending that the wire decides. */
export type WireEnding = Pick<Ending, 'code' | 'message' | 'cause'>;

/**
 * How long before or after its deadline a caller's reset counts as the deadline: both sides run a timer for the same
 * instant, and the caller's reset may win the race.
 */
const DEADLINE_RACE_MS = 50;

/**
 * Decides how a call ended, from what was sent: grpc-js answers oversize messages, serialisation errors and deadlines
 * below its interceptors, so that only the stream knows the status of every call.
 *
 * No status sent: the caller's reset within {@link DEADLINE_RACE_MS} of the deadline is DEADLINE_EXCEEDED, else
 * CANCELLED; a lost connection is CANCELLED with the cause `connection`.
 */
export function wireEnding(
  stream: ClosedStream,
  call: { readonly deadline: number; now(): number; connectionLost(): boolean },
): WireEnding {
  const sent = statusSent(stream);
  if (sent) return sent;
  if (call.connectionLost()) {
    return { code: Code.CANCELLED, message: 'the connection was lost', cause: 'connection' };
  }
  if (call.now() >= call.deadline - DEADLINE_RACE_MS) {
    return { code: Code.DEADLINE_EXCEEDED, message: 'the caller gave up at its deadline', cause: 'reset' };
  }
  const reset =
    stream.rstCode === constants.NGHTTP2_CANCEL ? 'cancelled by the caller' : 'reset by the caller';
  return { code: Code.CANCELLED, message: reset, cause: 'reset' };
}

function statusSent(stream: ClosedStream): WireEnding | undefined {
  const sent = stream.sentTrailers ?? stream.sentHeaders;
  const status = sent?.['grpc-status'];
  if (sent && status !== undefined) {
    const code = Number(status);
    return { code, message: code === Code.OK ? '' : decodeMessage(sent['grpc-message']), cause: 'status' };
  }
  // Refused before gRPC had a say (no gRPC content type): the caller's library makes UNKNOWN of such an answer.
  const httpStatus = stream.sentHeaders?.[':status'];
  if (httpStatus !== undefined && Number(httpStatus) !== 200) {
    return { code: Code.UNKNOWN, message: `refused with HTTP status ${String(httpStatus)}`, cause: 'status' };
  }
  return undefined;
}

function decodeMessage(header: unknown): string {
  if (typeof header !== 'string') return '';
  try {
    return decodeURI(header);
  } catch {
    return header;
  }
}
