import { Metadata, status as Code } from '@grpc/grpc-js';
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { endingOfUnanswered, type WireCall, type WireEnding } from '../../call/wire-call.js';

/** What a closed HTTP/2 server stream tells of its call. */
export interface ClosedStream {
  readonly sentHeaders?: OutgoingHttpHeaders | undefined;
  readonly sentTrailers?: OutgoingHttpHeaders | undefined;
  readonly rstCode?: number | undefined;
}

/**
 * Decides how a call ended, from what was sent: grpc-js answers oversize messages, serialisation errors and deadlines
 * below its interceptors, so that only the stream knows the status of every call.
 */
export function wireEnding(
  stream: ClosedStream,
  call: { readonly deadline: number; now(): number; connectionLost(): boolean },
): WireEnding {
  return (
    statusSent(stream) ??
    endingOfUnanswered({
      deadline: call.deadline,
      now: call.now(),
      connectionLost: call.connectionLost(),
      cancelled: stream.rstCode === constants.NGHTTP2_CANCEL,
    })
  );
}

/** A call that grpc-js answered before any interceptor saw it: its stream is closed, and nothing can be sent. */
export function closedCall(headers: IncomingHttpHeaders, peer: string): WireCall {
  const ignore = (): void => {};
  return {
    peer,
    deadline: Infinity,
    host: headers[':authority'] ?? '',
    socket: undefined,
    authContext: {},
    get metricsRecorder(): never {
      throw new TypeError('the call has no recorder of metrics');
    },
    readMetadata: () => Metadata.fromHttp2Headers(headers),
    read: ignore,
    sendHeaders: ignore,
    sendMessage: ignore,
    sendStatus: ignore,
    breakOff: ignore,
  };
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
