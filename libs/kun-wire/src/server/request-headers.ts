import { decodeBinaryValues } from '../grpc/header-values.js';
import type { HeaderField } from '../hpack/header-list.js';

/**
 * The headers of a call, in their order, without HTTP/2's own (`:path` and its like). Values are as they travelled:
 * one character a byte, binary ones in base64. Calls with equal headers may share one, so it cannot be changed.
 */
export class RequestHeaders implements Iterable<readonly [name: string, value: string]> {
  constructor(private readonly fields: readonly HeaderField[]) {}

  /** The number of fields. */
  get size(): number {
    return this.fields.length;
  }

  /** The first value of a name; names are lower case. */
  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value;
    return undefined;
  }

  /** All values of a name, a field each. */
  getAll(name: string): string[] {
    return this.fields.filter((field) => field.name === name).map(({ value }) => value);
  }

  /** All values of a binary key (`…-bin`), with those that were joined by commas apart. */
  getBinary(name: string): Buffer[] {
    return this.getAll(name).flatMap(decodeBinaryValues);
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (const { name, value } of this.fields) yield [name, value];
  }
}
