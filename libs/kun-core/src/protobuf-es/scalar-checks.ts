import { ScalarType } from '@bufbuild/protobuf';
import { describe, FieldMisfitError } from '../proto/values/message-misfit.js';

/** Throws a {@link FieldMisfitError} for anything but a value of the type, in the form that protobuf-es uses. */
export function scalarCheck(type: ScalarType): (value: unknown) => void {
  return CHECKS[type];
}

/** The same for the keys of a map, which are text in an object. */
export function mapKeyCheck(type: ScalarType): (key: string) => void {
  const check = scalarCheck(type);
  if (type === ScalarType.STRING) return (key) => check(key);
  if (type === ScalarType.BOOL) {
    return (key) => {
      if (key !== 'true' && key !== 'false')
        throw new FieldMisfitError('a key of the map is neither true nor false');
    };
  }
  return (key) => {
    if (!/^-?\d{1,20}$/.test(key)) throw new FieldMisfitError('a key of the map is not a whole number');
    const value = BigInt(key);
    check(IS_64_BIT.has(type) ? value : Number(value));
  };
}

const IS_64_BIT = new Set([
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);

function integer32(least: number, most: number) {
  return (value: unknown): void => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw new FieldMisfitError(
        `expected a whole number from ${least} to ${most}, found ${describe(value)}`,
      );
  };
}

/** A bigint, or an exact number; text if the proto has `jstype = JS_STRING`. */
function integer64(wrapped: (value: bigint) => bigint) {
  return (value: unknown): void => {
    if (typeof value === 'bigint' ? wrapped(value) === value : isExact(value, wrapped)) return;
    throw new FieldMisfitError(`expected a bigint of 64 bits, found ${describe(value)}`);
  };
}

function isExact(value: unknown, wrapped: (value: bigint) => bigint): boolean {
  const exact =
    typeof value === 'number'
      ? Number.isSafeInteger(value)
      : typeof value === 'string' && /^-?\d{1,20}$/.test(value);
  if (!exact) return false;
  const integer = BigInt(value as number | string);
  return wrapped(integer) === integer;
}

const signed32 = integer32(-(2 ** 31), 2 ** 31 - 1);
const unsigned32 = integer32(0, 2 ** 32 - 1);
const signed64 = integer64((value) => BigInt.asIntN(64, value));
const unsigned64 = integer64((value) => BigInt.asUintN(64, value));

const CHECKS: Readonly<Record<ScalarType, (value: unknown) => void>> = {
  [ScalarType.STRING]: (value) => {
    if (typeof value !== 'string') throw new FieldMisfitError(`expected text, found ${describe(value)}`);
    if (!value.isWellFormed())
      throw new FieldMisfitError('the text has half of a surrogate pair, which UTF-8 cannot represent');
  },
  [ScalarType.BOOL]: (value) => {
    if (typeof value !== 'boolean')
      throw new FieldMisfitError(`expected true or false, found ${describe(value)}`);
  },
  [ScalarType.BYTES]: (value) => {
    if (!(value instanceof Uint8Array))
      throw new FieldMisfitError(`expected a Uint8Array, found ${describe(value)}`);
  },
  [ScalarType.DOUBLE]: (value) => {
    if (typeof value !== 'number') throw new FieldMisfitError(`expected a number, found ${describe(value)}`);
  },
  [ScalarType.FLOAT]: (value) => {
    if (typeof value !== 'number' || (Number.isFinite(value) && !Number.isFinite(Math.fround(value))))
      throw new FieldMisfitError(`expected a number (float), found ${describe(value)}`);
  },
  [ScalarType.INT32]: signed32,
  [ScalarType.SINT32]: signed32,
  [ScalarType.SFIXED32]: signed32,
  [ScalarType.UINT32]: unsigned32,
  [ScalarType.FIXED32]: unsigned32,
  [ScalarType.INT64]: signed64,
  [ScalarType.SINT64]: signed64,
  [ScalarType.SFIXED64]: signed64,
  [ScalarType.UINT64]: unsigned64,
  [ScalarType.FIXED64]: unsigned64,
};
