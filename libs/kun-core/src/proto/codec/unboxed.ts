import { types } from 'node:util';

/** The primitive in `new String('a')` and its like; anything else as it is. */
export function unboxed(value: unknown): unknown {
  return types.isBoxedPrimitive(value) ? value.valueOf() : value;
}
