import protobuf, { type Reader, type Writer } from 'protobufjs';
import type { MessageForms } from './message-forms.js';
import { describe, FieldMisfitError, type Refuse } from './message-misfit.js';
import { unboxed, type ValueCodec } from './value-codec.js';

/** The names of protobuf's 64-bit integers, and of the functions that read and write them. */
export type Integer64 = 'int64' | 'uint64' | 'sint64' | 'fixed64' | 'sfixed64';

/** Whether it is a 64-bit integer rather than a 32-bit one. */
export function isInteger64(type: string): type is Integer64 {
  return type.endsWith('64');
}

/**
 * A 64-bit integer: text, a bigint, an exact number, or a `Long`. It is decoded to the configured form; as a number,
 * inexact ones are refused.
 */
export function integer64(type: Integer64, longs: MessageForms['longs'], refuse: Refuse): ValueCodec {
  const unsigned = type === 'uint64' || type === 'fixed64';
  const convert = (given: unknown): number | Long =>
    exact(given, unsigned) ??
    refuse(
      `expected a whole number (${type}) as text, bigint or exact number, found ${describe(given)}`,
      () => leniently(given, unsigned),
    );
  const write = WRITE[type];
  const read = READ[type];
  const form = FORMS[longs];
  const zero = { string: '0', number: 0, bigint: 0n }[longs];
  return {
    wireType: type === 'fixed64' || type === 'sfixed64' ? 1 : 0,
    packable: true,
    zero,
    write: (writer, value) =>
      write(
        writer,
        typeof value === 'number' && Number.isSafeInteger(value) && !(unsigned && value < 0)
          ? value
          : convert(value),
      ),
    read: (reader) => form(read(reader), unsigned),
    empty: () => zero,
  };
}

type Long = ReturnType<Reader['int64']>;

const TWO_32 = 2 ** 32;

/** Text of at most this many characters is a safe integer. */
const SAFE_LENGTH = 15;

const MINUS = 45;
const ZERO = 48;

function exact(given: unknown, unsigned: boolean): number | Long | undefined {
  let value = unboxed(given);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !(unsigned && value < 0) ? value : undefined;
  if (typeof value === 'string') {
    if (value.length <= SAFE_LENGTH) {
      const number = shortNumber(value);
      return Number.isNaN(number) || (unsigned && number < 0) ? undefined : number;
    }
    if (!/^-?\d{1,20}$/.test(value)) return undefined;
    value = BigInt(value);
  }
  if (typeof value === 'object') value = bigintOf(value);
  if (typeof value !== 'bigint') return undefined;
  return value === (unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value))
    ? toLong(value, unsigned)
    : undefined;
}

/** The number represented by digits; `NaN` for any other text. */
function shortNumber(text: string): number {
  const first = text.charCodeAt(0) === MINUS ? 1 : 0;
  if (text.length === first) return Number.NaN;
  let number = 0;
  for (let at = first; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return first === 1 ? -number : number;
}

/** The value of a `Long` from any copy of long.js. */
function bigintOf(value: object | null): bigint | undefined {
  const { low, high, unsigned } = (value ?? {}) as { low?: unknown; high?: unknown; unsigned?: unknown };
  if (typeof low !== 'number' || typeof high !== 'number') return undefined;
  return bits(low, high, unsigned === true);
}

function bits(low: number, high: number, unsigned: boolean): bigint {
  const value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return unsigned ? value : BigInt.asIntN(64, value);
}

function toLong(value: bigint, unsigned: boolean): Long {
  const low = Number(BigInt.asUintN(32, value));
  const high = Number(BigInt.asUintN(32, value >> 32n));
  return new protobuf.util.LongBits(low, high).toLong(unsigned);
}

function leniently(given: unknown, unsigned: boolean): number | Long {
  try {
    return toLong(BigInt(typeof given === 'number' ? Math.trunc(given) : String(given)), unsigned);
  } catch {
    return 0;
  }
}

const FORMS: Readonly<Record<MessageForms['longs'], (value: Long, unsigned: boolean) => unknown>> = {
  string({ low, high }, unsigned) {
    if (unsigned ? high === 0 : high === low >> 31) return String(unsigned ? low >>> 0 : low);
    const value = (unsigned ? high >>> 0 : high) * TWO_32 + (low >>> 0);
    return Number.isSafeInteger(value) ? String(value) : bits(low, high, unsigned).toString();
  },
  number({ low, high }, unsigned) {
    const value = (unsigned ? high >>> 0 : high) * TWO_32 + (low >>> 0);
    if (Number.isSafeInteger(value)) return value;
    throw new FieldMisfitError(
      `${bits(low, high, unsigned)} is not exact as a number; use text or bigint for 64-bit integers ("longs")`,
    );
  },
  bigint: ({ low, high }, unsigned) => bits(low, high, unsigned),
};

const WRITE: Readonly<Record<Integer64, (writer: Writer, value: number | Long) => void>> = {
  int64: writeVarint,
  uint64: writeVarint,
  sint64: (writer, value) => void writer.sint64(value),
  fixed64: (writer, value) => void writer.fixed64(value),
  sfixed64: (writer, value) => void writer.sfixed64(value),
};

/** Values within 32 bits have the same varint in both forms. */
function writeVarint(writer: Writer, value: number | Long): void {
  if (typeof value === 'number' && value >= 0 && value < TWO_32) writer.uint32(value);
  else writer.int64(value);
}

const READ: Readonly<Record<Integer64, (reader: Reader) => Long>> = {
  int64: (reader) => reader.int64(),
  uint64: (reader) => reader.uint64(),
  sint64: (reader) => reader.sint64(),
  fixed64: (reader) => reader.fixed64(),
  sfixed64: (reader) => reader.sfixed64(),
};
