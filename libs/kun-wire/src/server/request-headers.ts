import { decodeBinaryValues } from '../grpc/header-values.js';
import type { HeaderField } from '../hpack/header-list.js';

/**
 * The headers of a call, in order, without HTTP/2's pseudo-headers (`:path` and so on). Values are as received: one
 * character per byte, binary ones in base64. Calls with equal headers may share one object, so it is immutable.
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

  /** All values of a name, one per field. */
  getAll(name: string): string[] {
    return this.fields.filter((field) => field.name === name).map(({ value }) => value);
  }

  /** All values of a binary key (`…-bin`); values joined by commas are split. */
  getBinary(name: string): Buffer[] {
    return this.getAll(name).flatMap(decodeBinaryValues);
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (const { name, value } of this.fields) yield [name, value];
  }
}
