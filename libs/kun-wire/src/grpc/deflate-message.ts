import { deflate, gzip } from 'node:zlib';
import type { MessageEncoding } from './message-encoding.js';

/** Compresses a message in zlib's threads; `undefined` when zlib fails, which it does for want of memory alone. */
export function deflateMessage(
  encoding: Exclude<MessageEncoding, 'identity'>,
  message: Uint8Array,
  done: (bytes: Buffer | undefined) => void,
): void {
  const compress = encoding === 'gzip' ? gzip : deflate;
  compress(message, (error, bytes) => done(error ? undefined : bytes));
}
