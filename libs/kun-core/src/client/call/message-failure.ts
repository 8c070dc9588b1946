import { status as Code, type StatusObject } from '@grpc/grpc-js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { StatusError, type Upstream } from '../../status/status-error.js';

/**
 * Encodes a request before anything is sent; throws INTERNAL with a cause naming the field when the message does not
 * fit the proto. To the handler's own caller it is an error of the upstream, whose text is hidden.
 */
export function encodeRequest(
  encode: (message: unknown) => Buffer,
  message: unknown,
  method: RpcMethod,
  upstream: Upstream,
): Buffer | StatusError {
  try {
    return encode(message);
  } catch (cause) {
    return new StatusError(Code.INTERNAL, `the request of ${method.path} does not fit its proto`, {
      cause,
      upstream,
    });
  }
}

/**
 * Whether grpc-js produced a status locally because of a message: too large to send or receive, or malformed. A retry
 * would fail in the same way. grpc-js marks such a status only by its text (`compression-filter.ts`,
 * `stream-decoder.ts`, `client-interceptors.ts`); a grpc-js server that refuses a large message uses the same text,
 * with the same meaning.
 */
export function isMessageFailure({ code, details }: Pick<StatusObject, 'code' | 'details'>): boolean {
  const texts = code === Code.RESOURCE_EXHAUSTED ? LIMIT_TEXTS : code === Code.INTERNAL ? CODEC_TEXTS : [];
  return texts.some((text) => details.startsWith(text));
}

const LIMIT_TEXTS = [
  'Attempted to send message with a size larger than ',
  'Received message larger than max ',
  'Received message that decompresses to a size larger than ',
];
const CODEC_TEXTS = ['Request message serialization failure: ', 'Response message parsing error: '];
