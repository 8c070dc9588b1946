import { status as Code, type StatusObject } from '@grpc/grpc-js';

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
