import type { Reader } from 'protobufjs';
import { atField, FieldMisfitError } from '../values/message-misfit.js';
import { MAX_DEPTH, type ValueCodec, type WireType } from '../values/value-codec.js';

/** Decodes one field of a message, in one of its possible framings. */
export interface FieldReader {
  readonly name: string;
  readonly number: number;
  readonly wireType: WireType;
  /** Receives the previous value; returning `undefined` leaves the field unchanged. */
  read(reader: Reader, depth: number, previous: unknown): unknown;
  /** Decodes the block of a packed list; `undefined` if the field has none. */
  readonly readPacked: ((reader: Reader, depth: number, previous: unknown) => unknown) | undefined;
  /** The value of an absent field; `undefined` if it stays absent, or if {@link makeEmpty} creates it. */
  readonly empty: unknown;
  /** Creates the value of an absent field when messages must not share it: for lists and maps. */
  readonly makeEmpty: (() => unknown) | undefined;
  /** The indices of the fields that this one replaces (`oneof`). */
  readonly rivals: readonly number[];
  /** Whether a message without the field is invalid (proto2). */
  readonly required: boolean;
}

const END_GROUP = 4;
const SMALL = 64;

/** Decodes messages of one type. Its fields are set after its creation, because a message may contain itself. */
export class MessageReader {
  private fields: readonly FieldReader[] = [];
  private readonly byNumber = new Map<number, number>();
  /** The same for small field numbers, which nearly all are: -1 if there is no such field. */
  private readonly small = Array.from({ length: SMALL }, () => -1);

  constructor(private readonly typeName: string) {}

  complete(fields: readonly FieldReader[]): void {
    this.fields = fields;
    fields.forEach(({ number }, index) => {
      this.byNumber.set(number, index);
      if (number < SMALL) this.small[number] = index;
    });
  }

  /** Decodes a length-prefixed message, into an existing one if there is one. */
  readDelimited(reader: Reader, depth: number, previous: unknown): object {
    const length = reader.size();
    const end = reader.pos + length;
    const { len } = reader;
    if (end > len)
      throw new FieldMisfitError(`truncated: ${length} bytes announced, ${len - reader.pos} left`);
    reader.len = end;
    const message = this.read(reader, depth, previous, 0);
    reader.len = len;
    return message;
  }

  /** Decodes up to the end of the reader's bytes, or to the end tag of a group. */
  read(reader: Reader, depth: number, previous: unknown, group: number): object {
    if (depth > MAX_DEPTH) throw new FieldMisfitError(`more than ${MAX_DEPTH} nested messages`);
    const { fields, small } = this;
    const values: unknown[] = previous === undefined ? [] : this.valuesOf(previous as object);
    let at: FieldReader | undefined;
    try {
      while (reader.pos < reader.len) {
        at = undefined;
        const tag = reader.tag();
        const wireType = tag & 7;
        const number = tag >>> 3;
        if (wireType === END_GROUP) {
          if (number === group) return this.build(values);
          throw new FieldMisfitError(`the end of group ${number}, which was not started`);
        }
        const index = number < SMALL ? (small[number] as number) : (this.byNumber.get(number) ?? -1);
        const field = fields[index];
        if (field === undefined) {
          reader.skipType(wireType, depth, number);
          continue;
        }
        at = field;
        let value: unknown;
        if (wireType === field.wireType) value = field.read(reader, depth, values[index]);
        else if (wireType === 2 && field.readPacked) value = field.readPacked(reader, depth, values[index]);
        else {
          // The field has never had this framing, so it is unknown, as the specification says.
          reader.skipType(wireType, depth, number);
          continue;
        }
        if (value === undefined) continue;
        values[index] = value;
        if (field.rivals.length > 0) for (const rival of field.rivals) values[rival] = undefined;
      }
    } catch (thrown) {
      throw at ? FieldMisfitError.within(atField(at.name), asMisfit(thrown)) : asMisfit(thrown);
    }
    if (group !== 0) throw new FieldMisfitError('truncated: a group without its end');
    return this.build(values);
  }

  /** A message without any fields. */
  empty(): object {
    return this.build([]);
  }

  private build(values: readonly unknown[]): object {
    const { fields } = this;
    const message: Record<string, unknown> = {};
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as FieldReader;
      const value = values[index];
      if (value !== undefined) message[field.name] = value;
      else if (field.empty !== undefined) message[field.name] = field.empty;
      else if (field.makeEmpty !== undefined) message[field.name] = field.makeEmpty();
      else if (field.required)
        throw new FieldMisfitError(`${this.typeName} lacks its required field ${field.name}`);
    }
    return message;
  }

  private valuesOf(message: object): unknown[] {
    return this.fields.map(({ name }) =>
      Object.hasOwn(message, name) ? (message as Readonly<Record<string, unknown>>)[name] : undefined,
    );
  }
}

/** Decodes a repeated field: another element, or a block of elements. */
export function listReader(codec: ValueCodec): Pick<FieldReader, 'read' | 'readPacked'> {
  const append = (reader: Reader, depth: number, list: unknown[]): void => {
    const value = codec.read(reader, depth, undefined);
    if (value !== undefined) list.push(value);
  };
  return {
    read(reader, depth, previous) {
      const list = (previous as unknown[] | undefined) ?? [];
      append(reader, depth, list);
      return list;
    },
    readPacked: codec.packable
      ? (reader, depth, previous) => {
          const list = (previous as unknown[] | undefined) ?? [];
          const end = reader.size() + reader.pos;
          const { len } = reader;
          if (end > len) throw new FieldMisfitError('truncated: a list that is longer than its message');
          reader.len = end;
          while (reader.pos < end) append(reader, depth, list);
          reader.len = len;
          return list;
        }
      : undefined,
  };
}

/** protobufjs' errors about invalid bytes contain positions; the misfit names the field instead. */
function asMisfit(thrown: unknown): FieldMisfitError {
  if (thrown instanceof FieldMisfitError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new FieldMisfitError(`not in protobuf's wire format: ${text}`, { cause: thrown });
}
