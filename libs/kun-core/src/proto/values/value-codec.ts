import { types } from 'node:util';
import type { Reader, Writer } from 'protobufjs';

/** A value's framing: varint, 8 bytes, length-delimited, group, 4 bytes. */
export type WireType = 0 | 1 | 2 | 3 | 5;

/** Encodes and decodes one value of a field, without its tag. */
export interface ValueCodec {
  readonly wireType: WireType;
  /** Whether lists of them may be `packed`. */
  readonly packable: boolean;
  /** The usual form of the default, which a field without presence omits; compared by `Object.is`. */
  readonly zero: unknown;
  /** @throws {FieldMisfitError} when the value does not fit. */
  readonly write: (writer: Writer, value: unknown, depth: number) => void;
  /**
   * Returns the value; `undefined` to omit it, like a number that a closed enum does not know. `previous` is the
   * field's current value: messages are merged into it.
   */
  readonly read: (reader: Reader, depth: number, previous: unknown) => unknown;
  /** The value of an absent field without presence. */
  empty(): unknown;
}

/** The maximum nesting depth of messages; that of protobuf's own implementations (`default_recursion_limit`). */
export const MAX_DEPTH = 100;

/** The primitive of `new String('a')` and the like; anything else unchanged. */
export function unboxed(value: unknown): unknown {
  return types.isBoxedPrimitive(value) ? value.valueOf() : value;
}
