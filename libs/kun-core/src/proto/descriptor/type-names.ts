import protobuf from 'protobufjs';
import { typeFinder } from '../files/link-types.js';
import type { RawOption } from './raw-options.js';

/** The types that a file may refer to. */
export interface TypeNames {
  /** What the name refers to within the scope (`acme.v1.Order`). @throws {SyntaxError} when it refers to nothing. */
  find(reference: string, scope: string): { readonly kind: string; readonly name: string };
}

/** Encodes options of a message such as `FieldOptions`, written within the scope; `undefined` when there are none. */
export type OptionsOf = (
  message: string,
  options: readonly RawOption[],
  scope: string,
) => Uint8Array | undefined;

/** The scalars, and the types of the root. */
export function typeNames(root: protobuf.Root): TypeNames {
  const find = typeFinder(root);
  return {
    find(reference, scope) {
      if (reference in protobuf.types.basic) return { kind: reference, name: reference };
      const found = find(reference, scope);
      if (!found) throw new SyntaxError(`there is no type ${reference} in ${scope}`);
      return { kind: found instanceof protobuf.Enum ? 'enum' : 'message', name: found.fullName };
    },
  };
}
