import { types } from 'node:util';
import type { Reader, Writer } from 'protobufjs';

/** How a value is framed: varint, 8 bytes, length and bytes, group, 4 bytes. */
export type WireType = 0 | 1 | 2 | 3 | 5;

/** One value of a field, without its tag. */
export interface ValueCodec {
  readonly wireType: WireType;
  /** Whether a list of them may stand in one block (`packed`). */
  readonly packable: boolean;
  /** The commonest way to write the default, which a field without presence leaves out; compared by `Object.is`. */
  readonly zero: unknown;
  /** @throws {FieldMisfitError} when the value has no meaning. */
  readonly write: (writer: Writer, value: unknown, depth: number) => void;
  /**
   * The value; `undefined` when it is to be left out, as a number that a closed enum does not know. `previous` is what
   * the field already has: messages are merged into it.
   */
  readonly read: (reader: Reader, depth: number, previous: unknown) => unknown;
  /** What a field without presence is when it is absent. */
  empty(): unknown;
}

/** How deep messages may stand in each other: what protobuf's own implementations take (`default_recursion_limit`). */
export const MAX_DEPTH = 100;

/** The primitive in `new String('a')` and its like; anything else as it is. */
export function unboxed(value: unknown): unknown {
  return types.isBoxedPrimitive(value) ? value.valueOf() : value;
}
