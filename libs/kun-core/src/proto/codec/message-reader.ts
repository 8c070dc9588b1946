import type { Reader } from 'protobufjs';
import { atField, FieldMisfitError } from '../values/message-misfit.js';
import { MAX_DEPTH, type ValueCodec, type WireType } from '../values/value-codec.js';

/** Reads one field of a message, in one of the framings it may have. */
export interface FieldReader {
  readonly name: string;
  readonly number: number;
  readonly wireType: WireType;
  /** Takes what was there; `undefined` leaves the field as it was. */
  read(reader: Reader, depth: number, previous: unknown): unknown;
  /** Reads the block of a packed list; `undefined` where the field has none. */
  readonly readPacked: ((reader: Reader, depth: number, previous: unknown) => unknown) | undefined;
  /** What the field is when it was not there; `undefined` where that is its absence, or there is {@link makeEmpty}. */
  readonly empty: unknown;
  /** Makes what the field is when it was not there, where messages must not share it: lists and maps. */
  readonly makeEmpty: (() => unknown) | undefined;
  /** The fields that this one takes the place of (`oneof`), by their index. */
  readonly rivals: readonly number[];
  /** Whether a message without it is invalid (proto2). */
  readonly required: boolean;
}

const END_GROUP = 4;
const SMALL = 64;

/** Reads messages of one type. Its fields are given after it is made, since a message may contain itself. */
export class MessageReader {
  private fields: readonly FieldReader[] = [];
  private readonly byNumber = new Map<number, number>();
  /** The same for small numbers, which are nearly all: -1 where there is no such field. */
  private readonly small = Array.from({ length: SMALL }, () => -1);

  constructor(private readonly typeName: string) {}

  complete(fields: readonly FieldReader[]): void {
    this.fields = fields;
    fields.forEach(({ number }, index) => {
      this.byNumber.set(number, index);
      if (number < SMALL) this.small[number] = index;
    });
  }

  /** Reads a message that is preceded by its length, into what is there already if there is anything. */
  readDelimited(reader: Reader, depth: number, previous: unknown): object {
    const length = reader.size();
    const end = reader.pos + length;
    const { len } = reader;
    if (end > len)
      throw new FieldMisfitError(`cut short: ${length} bytes announced, ${len - reader.pos} left`);
    reader.len = end;
    const message = this.read(reader, depth, previous, 0);
    reader.len = len;
    return message;
  }

  /** Reads to the end of what the reader may read, or to the end tag of a group. */
  read(reader: Reader, depth: number, previous: unknown, group: number): object {
    if (depth > MAX_DEPTH) throw new FieldMisfitError(`more than ${MAX_DEPTH} messages in each other`);
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
          throw new FieldMisfitError(`the end of group ${number}, which was not begun`);
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
          // Another framing than the field has ever had: an unknown field, as the specification says.
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
    if (group !== 0) throw new FieldMisfitError('cut short: a group without its end');
    return this.build(values);
  }

  /** A message none of whose fields are there. */
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

/** Reads a field that is a list: one more element, or a block of them. */
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
          if (end > len) throw new FieldMisfitError('cut short: a list that is longer than its message');
          reader.len = end;
          while (reader.pos < end) append(reader, depth, list);
          reader.len = len;
          return list;
        }
      : undefined,
  };
}

/** What protobufjs throws of bytes that are no message tells positions; as a misfit it tells the field. */
function asMisfit(thrown: unknown): FieldMisfitError {
  if (thrown instanceof FieldMisfitError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new FieldMisfitError(`not in protobuf's wire format: ${text}`, { cause: thrown });
}
