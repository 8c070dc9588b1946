import type { Reader, Writer } from 'protobufjs';
import { describe, type Refuse } from './message-misfit.js';
import { unboxed, type ValueCodec, type WireType } from './value-codec.js';

/** The names of protobuf's 32-bit integers, and of the functions that read and write them. */
export type Integer32 = 'int32' | 'uint32' | 'sint32' | 'fixed32' | 'sfixed32';

/** A 32-bit integer: a whole number within range, or text that represents one. */
export function integer32(type: Integer32, refuse: Refuse): ValueCodec {
  const [least, most] =
    type === 'uint32' || type === 'fixed32' ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  const fits = (value: number) => Number.isInteger(value) && value >= least && value <= most;
  const wireType: WireType = type === 'fixed32' || type === 'sfixed32' ? 5 : 0;
  const convert = (given: unknown): number => {
    const value = numeric(given);
    if (value !== undefined && fits(value)) return value;
    return refuse(
      `expected a whole number from ${least} to ${most} (${type}), found ${describe(given)}`,
      () => (least === 0 ? Number(given) >>> 0 : Number(given) | 0),
    );
  };
  const write = WRITE[type];
  return {
    wireType,
    packable: true,
    zero: 0,
    write: (writer, value) =>
      write(writer, typeof value === 'number' && fits(value) ? value : convert(value)),
    read: READ[type],
    empty: () => 0,
  };
}

/** `float` and `double`: numbers, including NaN and the infinities, or text that represents one. */
export function floating(type: 'float' | 'double', refuse: Refuse): ValueCodec {
  const fits = (value: number) =>
    type === 'double' || !Number.isFinite(value) || Number.isFinite(Math.fround(value));
  const convert = (given: unknown): number => {
    const value = numeric(given);
    if (value !== undefined && fits(value)) return value;
    return refuse(`expected a number (${type}), found ${describe(given)}`, () => Number(given));
  };
  return {
    wireType: type === 'float' ? 5 : 1,
    packable: true,
    zero: 0,
    write: (writer, value) => {
      const number = typeof value === 'number' && fits(value) ? value : convert(value);
      if (type === 'float') writer.float(number);
      else writer.double(number);
    },
    read: type === 'float' ? (reader) => reader.float() : (reader) => reader.double(),
    empty: () => 0,
  };
}

/** `true` or `false`. */
export function boolean(refuse: Refuse): ValueCodec {
  return {
    wireType: 0,
    packable: true,
    zero: false,
    write: (writer, value) => {
      const plain = typeof value === 'boolean' ? value : unboxed(value);
      writer.bool(
        typeof plain === 'boolean'
          ? plain
          : refuse(`expected true or false, found ${describe(value)}`, () => Boolean(value)),
      );
    },
    read: (reader) => reader.bool(),
    empty: () => false,
  };
}

/** A number, boxed or as text; `undefined` for anything else. */
function numeric(given: unknown): number | undefined {
  const value = unboxed(given);
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : undefined;
}

/** Numbers as JSON writes them, and the three names that protobuf's JSON adds. */
const NUMBER = /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity)$/;

const WRITE: Readonly<Record<Integer32, (writer: Writer, value: number) => void>> = {
  int32: (writer, value) => void writer.int32(value),
  uint32: (writer, value) => void writer.uint32(value),
  sint32: (writer, value) => void writer.sint32(value),
  fixed32: (writer, value) => void writer.fixed32(value),
  sfixed32: (writer, value) => void writer.sfixed32(value),
};

const READ: Readonly<Record<Integer32, (reader: Reader) => number>> = {
  int32: (reader) => reader.int32(),
  uint32: (reader) => reader.uint32(),
  sint32: (reader) => reader.sint32(),
  fixed32: (reader) => reader.fixed32(),
  sfixed32: (reader) => reader.sfixed32(),
};
