import { FieldKind, kindOf } from '../connection/streams/field-kind.js';
import { isGrpcContentType, parseGrpcTimeout } from '../grpc/header-values.js';
import { type MessageEncoding, parseMessageEncoding } from '../grpc/message-encoding.js';
import { StatusCode } from '../grpc/status.js';
import type { HeaderField, HeaderList } from '../hpack/header-list.js';
import { RequestHeaders } from './request-headers.js';

/** Why the wire refuses a request: an HTTP status if it is not gRPC, otherwise a gRPC status. */
export interface HeadRefusal {
  readonly httpStatus: 200 | 405 | 415;
  readonly code: number;
  readonly message: string;
}

/** The parsed headers of a request; equal blocks share one. */
export interface RequestHead {
  readonly path: string;
  readonly authority: string;
  readonly headers: RequestHeaders;
  /** Milliseconds from the arrival; `Infinity` without a `grpc-timeout`. */
  readonly timeoutMs: number;
  readonly encoding: MessageEncoding;
  /** `content-length`; -1 without one. */
  readonly contentLength: number;
  readonly refusal: HeadRefusal | undefined;
}

const LENGTH = /^\d{1,15}$/;

/** Parses the headers of a request; returns a description if they violate HTTP/2 (RFC 9113, section 8.3.1). */
export function readRequestHead(list: HeaderList): RequestHead | string {
  const known = list.reading as { head: RequestHead | string } | undefined;
  if (known !== undefined) return known.head;
  const head = list.tooLarge ? tooLarge() : read(list);
  list.reading = { head };
  return head;
}

function read({ fields }: HeaderList): RequestHead | string {
  let method: string | undefined;
  let scheme: string | undefined;
  let path: string | undefined;
  let authority: string | undefined;
  let contentType: string | undefined;
  let timeout: string | undefined;
  let coding: string | undefined;
  let contentLength = -1;
  let pseudo = 0;
  for (; pseudo < fields.length; pseudo++) {
    const field = fields[pseudo] as HeaderField;
    const kind = kindOf(field);
    const { value } = field;
    if (kind === FieldKind.path && path === undefined) path = value;
    else if (kind === FieldKind.method && method === undefined) method = value;
    else if (kind === FieldKind.scheme && scheme === undefined) scheme = value;
    else if (kind === FieldKind.authority && authority === undefined) authority = value;
    else break;
  }
  const rest = pseudo === 0 ? fields : fields.slice(pseudo);
  let host: string | undefined;
  for (const field of rest) {
    const { value } = field;
    switch (kindOf(field) as number) {
      case FieldKind.regular:
        break;
      case FieldKind.contentType:
        contentType ??= value;
        break;
      case FieldKind.te:
        if (value !== 'trailers') return 'te may only say trailers';
        break;
      case FieldKind.grpcTimeout:
        timeout ??= value;
        break;
      case FieldKind.grpcEncoding:
        coding ??= value;
        break;
      case FieldKind.contentLength: {
        const length = LENGTH.test(value) ? Number(value) : -1;
        if (length < 0 || (contentLength >= 0 && contentLength !== length))
          return 'a malformed content-length';
        contentLength = length;
        break;
      }
      case FieldKind.host:
        host = value;
        break;
      case FieldKind.ofConnection:
        return 'a connection-specific field';
      case FieldKind.malformed:
        return 'a malformed field';
      default:
        return 'a pseudo-header that is unknown, repeated or out of place';
    }
  }
  if (method === undefined) return 'no method';
  if (method !== 'CONNECT' && (scheme === undefined || path === undefined || path === '')) {
    return 'no scheme or no path';
  }
  if (authority !== undefined && host !== undefined && authority !== host) return 'two authorities';
  const encoding = coding === undefined ? 'identity' : parseMessageEncoding(coding);
  const timeoutMs = timeout === undefined ? Infinity : parseGrpcTimeout(timeout);
  return {
    path: path ?? '',
    authority: authority ?? host ?? '',
    headers: new RequestHeaders(rest),
    timeoutMs: timeoutMs ?? Infinity,
    encoding: encoding ?? 'identity',
    contentLength,
    refusal: refuse(method, contentType, timeoutMs, encoding),
  };
}

function refuse(
  method: string,
  contentType: string | undefined,
  timeoutMs: number | undefined,
  encoding: MessageEncoding | undefined,
): HeadRefusal | undefined {
  if (contentType === undefined || !isGrpcContentType(contentType)) {
    return {
      httpStatus: 415,
      code: StatusCode.UNKNOWN,
      message: 'the content type is not application/grpc',
    };
  }
  if (method !== 'POST') {
    return { httpStatus: 405, code: StatusCode.INTERNAL, message: 'the method is not POST' };
  }
  if (timeoutMs === undefined) {
    return { httpStatus: 200, code: StatusCode.INTERNAL, message: 'the grpc-timeout is malformed' };
  }
  if (encoding === undefined) {
    return {
      httpStatus: 200,
      code: StatusCode.UNIMPLEMENTED,
      message: 'the grpc-encoding of the request is not supported',
    };
  }
  return undefined;
}

/** The refusal of a request whose headers were truncated by the limits. */
function tooLarge(): RequestHead {
  return {
    path: '',
    authority: '',
    headers: new RequestHeaders([]),
    timeoutMs: Infinity,
    encoding: 'identity',
    contentLength: -1,
    refusal: {
      httpStatus: 200,
      code: StatusCode.RESOURCE_EXHAUSTED,
      message: 'the headers of the request are too large',
    },
  };
}
