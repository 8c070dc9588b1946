import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { MAX_DEPTH } from '../proto/values/value-codec.js';

/** An unknown field takes two bytes on the wire and about 150 in memory. */
export const MAX_UNKNOWN_FIELDS = 10_000;

/**
 * Whether a message, including nested ones, has so many unknown fields that keeping them, as a proxy needs, would
 * exhaust memory. Only inspects messages that are long enough.
 */
export function hasTooManyUnknown(type: DescMessage, bytes: Uint8Array): boolean {
  if (bytes.length <= 2 * MAX_UNKNOWN_FIELDS) return false;
  const scan = new Scan(bytes);
  try {
    scan.message(type, bytes.length, 0);
  } catch {
    // Not in protobuf's wire format; decoding reports that.
  }
  return scan.unknown > MAX_UNKNOWN_FIELDS;
}

class Scan {
  unknown = 0;
  private readonly reader: BinaryReader;
  private readonly fields = new Map<DescMessage, ReadonlyMap<number, DescField>>();

  constructor(bytes: Uint8Array) {
    this.reader = new BinaryReader(bytes);
  }

  /** Reads up to `end`, or to the end of the group. */
  message(type: DescMessage, end: number, depth: number): void {
    const { reader } = this;
    if (depth > MAX_DEPTH) return;
    const fields = this.fieldsOf(type);
    while (reader.pos < end && this.unknown <= MAX_UNKNOWN_FIELDS) {
      const [number, wireType] = reader.tag();
      if (wireType === WireType.EndGroup) return;
      const field = fields.get(number);
      // A value that a closed enum does not have is kept as an unknown field.
      if (!field || (field.fieldKind === 'enum' && !field.enum.open)) this.unknown++;
      if (field?.message) this.within(field, field.message, number, wireType, depth);
      else reader.skip(wireType, number);
    }
  }

  private within(
    { fieldKind }: DescField,
    message: DescMessage,
    number: number,
    wireType: WireType,
    depth: number,
  ): void {
    const { reader } = this;
    if (wireType === WireType.StartGroup) return this.message(message, reader.len, depth + 1);
    if (wireType !== WireType.LengthDelimited) return void reader.skip(wireType, number);
    const length = reader.uint32();
    const end = reader.pos + length;
    if (fieldKind !== 'map') return this.message(message, end, depth + 1);
    while (reader.pos < end) {
      const [part, partType] = reader.tag();
      if (part === MAP_VALUE && partType === WireType.LengthDelimited) {
        const valueLength = reader.uint32();
        this.message(message, reader.pos + valueLength, depth + 1);
      } else reader.skip(partType, part);
    }
  }

  private fieldsOf(type: DescMessage): ReadonlyMap<number, DescField> {
    let fields = this.fields.get(type);
    if (!fields) this.fields.set(type, (fields = new Map(type.fields.map((field) => [field.number, field]))));
    return fields;
  }
}

/** The field number of the value in a map entry. */
const MAP_VALUE = 2;
