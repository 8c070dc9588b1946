import { describe, type Refuse } from './message-misfit.js';
import { unboxed, type ValueCodec } from './value-codec.js';
import { readText, writeBytes, writeText } from './long-values.js';

/**
 * `string`. Text without a UTF-8 form (half of a surrogate pair, left by cutting an emoji) is a misfit. `verified`
 * refuses bytes that are not UTF-8, as proto3 requires; proto2 accepts them.
 */
export function string(verified: boolean, refuse: Refuse): ValueCodec {
  const convert = (given: unknown): string => {
    const value = unboxed(given);
    if (typeof value !== 'string')
      return refuse(`expected text, found ${describe(value)}`, () => String(value));
    if (value.isWellFormed()) return value;
    return refuse('the text has half of a surrogate pair, which UTF-8 cannot represent', () =>
      value.toWellFormed(),
    );
  };
  return {
    wireType: 2,
    packable: false,
    zero: '',
    write: (writer, value) =>
      writeText(writer, typeof value === 'string' && value.isWellFormed() ? value : convert(value)),
    read: verified ? readText : (reader) => reader.string(),
    empty: () => '',
  };
}

/**
 * `bytes`: a Buffer, any other view or an ArrayBuffer. Text is a misfit, since it could be base64, hex or plain text.
 * It is decoded to a Buffer over the message's own bytes.
 */
export function bytes(refuse: Refuse): ValueCodec {
  return {
    wireType: 2,
    packable: false,
    zero: NO_BYTES,
    write: (writer, value) =>
      writeBytes(writer, value instanceof Uint8Array ? value : toBytes(value, refuse)),
    read: (reader) => reader.bytes(),
    empty: () => NO_BYTES,
  };
}

const NO_BYTES = Buffer.alloc(0);

function toBytes(value: unknown, refuse: Refuse): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  const hint = typeof value === 'string' ? "; decode it with Buffer.from(text, 'utf8') or 'base64'" : '';
  return refuse(`expected a Buffer or Uint8Array, found ${describe(value)}${hint}`, () =>
    typeof value === 'string'
      ? Buffer.from(value, 'base64')
      : Buffer.from(Array.isArray(value) ? (value as readonly number[]) : []),
  );
}
