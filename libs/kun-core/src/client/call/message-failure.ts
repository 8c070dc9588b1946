import { status as Code, type StatusObject } from '@grpc/grpc-js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { StatusError, type Upstream } from '../../status/status-error.js';

/**
 * A request as bytes, made before anything is sent; or INTERNAL when the message does not fit the proto: which field, says
 * its cause. For whoever called the handler that made the request it is an error of the upstream, which shows nothing.
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
 * Whether a status was made up by grpc-js on this side, about a message: too large to send or to take, or not of its
 * type. It would be so the next time, too. grpc-js marks such a status by its text only (`compression-filter.ts`,
 * `stream-decoder.ts`, `client-interceptors.ts`); a server on grpc-js that refuses a large message has the same text for
 * it, and means the same.
 */
export function isOwnFailure({ code, details }: Pick<StatusObject, 'code' | 'details'>): boolean {
  const texts = code === Code.RESOURCE_EXHAUSTED ? LIMIT_TEXTS : code === Code.INTERNAL ? CODEC_TEXTS : [];
  return texts.some((text) => details.startsWith(text));
}

const LIMIT_TEXTS = [
  'Attempted to send message with a size larger than ',
  'Received message larger than max ',
  'Received message that decompresses to a size larger than ',
];
const CODEC_TEXTS = ['Request message serialization failure: ', 'Response message parsing error: '];
