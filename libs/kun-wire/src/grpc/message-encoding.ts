import { createGunzip, createInflate, deflate, gunzipSync, gzip, inflateSync } from 'node:zlib';

/** The supported message encodings, by their names in `grpc-encoding`. */
export type MessageEncoding = 'identity' | 'gzip' | 'deflate';

/** The value of `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = 'identity,deflate,gzip';

/** The encoding named by `grpc-encoding`; `undefined` for an unsupported one. */
export function parseMessageEncoding(value: string): MessageEncoding | undefined {
  return value === 'identity' || value === 'gzip' || value === 'deflate' ? value : undefined;
}

/** Whether the peer's `grpc-accept-encoding` names an encoding; identity is always accepted. */
export function acceptsEncoding(accepted: string | undefined, encoding: MessageEncoding): boolean {
  if (encoding === 'identity') return true;
  return accepted?.split(',').some((name) => name.trim() === encoding) ?? false;
}

/** Compresses a message in zlib's threads; `undefined` if zlib fails, which happens only when out of memory. */
export function deflateMessage(
  encoding: Exclude<MessageEncoding, 'identity'>,
  message: Uint8Array,
  done: (bytes: Buffer | undefined) => void,
): void {
  const compress = encoding === 'gzip' ? gzip : deflate;
  compress(message, (error, bytes) => done(error ? undefined : bytes));
}

/** The result of decompressing a message. */
export type Inflated =
  { readonly bytes: Buffer } | { readonly failed: 'too large' | 'malformed' | 'no room' };

/** Limits for decompressing a message. */
export interface InflateLimits {
  /** The largest decompressed size. */
  readonly maxMessageBytes: number;
  /** Called for each further piece; returns false if there is no room for it. */
  readonly reserve: (bytes: number) => boolean;
}

/** Up to this size messages are decompressed synchronously (about ten microseconds), beyond it in zlib's threads. */
const AT_ONCE_BYTES = 32 * 1024;
/** zlib's chunk size if a message does not declare its size. */
const PIECE_BYTES = 64 * 1024;
/** Space that must be left at the end of a chunk, or zlib allocates another. */
const SPARE_BYTES = 64;
/** Larger messages are decompressed in pieces anyway, so that a false size costs little. */
const MAX_PIECE_BYTES = 16 * 1024 * 1024;

/**
 * Decompresses a message while counting its size: as soon as it exceeds its limit, or there is no more room for it, it
 * is abandoned. For small messages the callback runs before this returns.
 */
export function inflateMessage(
  encoding: Exclude<MessageEncoding, 'identity'>,
  message: Buffer,
  limits: InflateLimits,
  done: (result: Inflated) => void,
): void {
  if (message.length <= AT_ONCE_BYTES) {
    const most = Math.min(AT_ONCE_BYTES, limits.maxMessageBytes);
    const result = inflateAtOnce(encoding, message, most);
    if (result !== 'too large' || most === limits.maxMessageBytes) {
      done(result === 'too large' || result === 'malformed' ? { failed: result } : reserved(result, limits));
      return;
    }
  }
  inflateInPieces(encoding, message, limits, done);
}

function inflateAtOnce(
  encoding: Exclude<MessageEncoding, 'identity'>,
  message: Buffer,
  maxOutputLength: number,
): Buffer | 'too large' | 'malformed' {
  try {
    const options = { maxOutputLength: Math.max(1, maxOutputLength) };
    return encoding === 'gzip' ? gunzipSync(message, options) : inflateSync(message, options);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too large' : 'malformed';
  }
}

function inflateInPieces(
  encoding: Exclude<MessageEncoding, 'identity'>,
  message: Buffer,
  limits: InflateLimits,
  done: (result: Inflated) => void,
): void {
  const chunkSize = pieceBytes(encoding, message, limits.maxMessageBytes);
  // Counted before it is allocated.
  let reserved = 0;
  const reserve = (bytes: number): boolean => {
    const more = bytes - reserved;
    if (more <= 0) return true;
    reserved = bytes;
    return limits.reserve(more);
  };
  if (!reserve(chunkSize)) {
    done({ failed: 'no room' });
    return;
  }
  const options = { chunkSize };
  const inflater = encoding === 'gzip' ? createGunzip(options) : createInflate(options);
  const pieces: Buffer[] = [];
  let bytes = 0;
  let ended = false;
  const end = (result: Inflated): void => {
    if (ended) return;
    ended = true;
    inflater.destroy();
    done(result);
  };
  inflater.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > limits.maxMessageBytes) end({ failed: 'too large' });
    else if (!reserve(bytes)) end({ failed: 'no room' });
    else pieces.push(piece);
  });
  inflater.on('end', () => {
    const [first] = pieces;
    // A small message that claimed to be large must not retain that much memory.
    const whole = pieces.length === 1 && first !== undefined && first.length * 2 >= chunkSize;
    end({ bytes: whole ? first : Buffer.concat(pieces, bytes) });
  });
  inflater.on('error', () => end({ failed: 'malformed' }));
  inflater.end(message);
}

/**
 * The chunk size: the whole message, if it declares its size (RFC 1952, section 2.3.1), so that it is decompressed in
 * one piece. For a false size, that much memory is reserved and counted, but never touched.
 */
function pieceBytes(encoding: 'gzip' | 'deflate', message: Buffer, maxMessageBytes: number): number {
  if (encoding !== 'gzip' || message.length < 4) return PIECE_BYTES;
  const claimed = message.readUInt32LE(message.length - 4);
  return claimed <= Math.min(maxMessageBytes, MAX_PIECE_BYTES)
    ? Math.max(PIECE_BYTES, claimed + SPARE_BYTES)
    : PIECE_BYTES;
}

function reserved(bytes: Buffer, limits: InflateLimits): Inflated {
  return limits.reserve(bytes.length) ? { bytes } : { failed: 'no room' };
}
