import { describe, type Refuse } from './message-misfit.js';
import { unboxed, type ValueCodec } from './value-codec.js';
import { readText, writeBytes, writeText } from './long-values.js';

/**
 * `string`. What has no UTF-8 form (half of a surrogate pair, as a cut through an emoji leaves it) is a misfit.
 * `verified` refuses bytes that are no UTF-8, as proto3 says; proto2 takes them.
 */
export function string(verified: boolean, refuse: Refuse): ValueCodec {
  const convert = (given: unknown): string => {
    const value = unboxed(given);
    if (typeof value !== 'string')
      return refuse(`expected text, found ${describe(value)}`, () => String(value));
    if (value.isWellFormed()) return value;
    return refuse('the text has half of a surrogate pair, which UTF-8 has no form for', () =>
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
 * `bytes`: a Buffer, any other view or an ArrayBuffer. Text is a misfit, since nothing tells whether base64, hex or the
 * text itself was meant. Decoded it is a Buffer over the message's own bytes.
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
  const hint = typeof value === 'string' ? "; say how to read it: Buffer.from(text, 'utf8') or 'base64'" : '';
  return refuse(`expected a Buffer or Uint8Array, found ${describe(value)}${hint}`, () =>
    typeof value === 'string'
      ? Buffer.from(value, 'base64')
      : Buffer.from(Array.isArray(value) ? (value as readonly number[]) : []),
  );
}
