import type { Reader, Writer } from 'protobufjs';
import { define } from './field-plan.js';
import { atField, atIndex, describe, FieldMisfitError, type Refuse } from './message-misfit.js';
import { unboxed, MAX_DEPTH, type ValueCodec } from './value-codec.js';

// The tags of struct.proto: Struct.fields and its entries, ListValue.values, the kinds of Value.
const FIELDS = 10;
const ENTRY_KEY = 10;
const ENTRY_VALUE = 18;
const VALUES = 10;
const NULL_VALUE = 8;
const NUMBER_VALUE = 17;
const STRING_VALUE = 26;
const BOOL_VALUE = 32;
const STRUCT_VALUE = 42;
const LIST_VALUE = 50;

/** A `google.protobuf.Struct` is an object of JSON values. */
export function structValue(refuse: Refuse): ValueCodec {
  const json = new JsonWriter(refuse);
  return {
    ...FRAME,
    zero: undefined,
    write: (writer, given, depth) => json.struct(writer, given, depth + 1),
    read: (reader, depth, previous) => readStruct(reader, depth + 1, previous),
    empty: () => ({}),
  };
}

/** A `google.protobuf.ListValue` is an array of JSON values. */
export function listValue(refuse: Refuse): ValueCodec {
  const json = new JsonWriter(refuse);
  return {
    ...FRAME,
    zero: undefined,
    write: (writer, given, depth) => {
      const list = Array.isArray(given)
        ? given
        : refuse(`expected an array, found ${describe(given)}`, () => []);
      json.list(writer, list as readonly unknown[], depth + 1);
    },
    read: (reader, depth, previous) => readList(reader, depth + 1, previous),
    empty: () => [],
  };
}

/** A `google.protobuf.Value` is any JSON value, including `null`. */
export function value(refuse: Refuse): ValueCodec {
  const json = new JsonWriter(refuse);
  return {
    ...FRAME,
    // `null` is a value here, not the absence of one.
    zero: null,
    write: (writer, given, depth) => json.value(writer, given, depth + 1),
    read: (reader, depth, previous) => readValue(reader, depth + 1, previous),
    empty: () => null,
  };
}

const FRAME = { wireType: 2, packable: false } as const;

/** Writes what `JSON.stringify` would, as messages: `toJSON` is called, absent values are omitted. */
class JsonWriter {
  constructor(private readonly refuse: Refuse) {}

  struct(writer: Writer, given: unknown, depth: number): void {
    checkDepth(depth);
    writer.fork();
    const object = given instanceof Map ? (Object.fromEntries(given) as object) : jsonOf(given, '');
    if (typeof object !== 'object' || object === null || !isObject(object)) {
      this.refuse(`expected an object, found ${describe(given)}`, () => undefined);
      writer.ldelim();
      return;
    }
    for (const key of Object.keys(object)) {
      try {
        const entry = jsonOf((object as Readonly<Record<string, unknown>>)[key], key);
        if (entry === undefined || typeof entry === 'function') continue;
        writer.uint32(FIELDS).fork().uint32(ENTRY_KEY).string(this.text(key)).uint32(ENTRY_VALUE);
        this.value(writer, entry, depth + 1);
        writer.ldelim();
      } catch (thrown) {
        throw FieldMisfitError.within(atField(key), thrown);
      }
    }
    writer.ldelim();
  }

  list(writer: Writer, list: readonly unknown[], depth: number): void {
    checkDepth(depth);
    writer.fork();
    for (let index = 0; index < list.length; index++) {
      try {
        writer.uint32(VALUES);
        this.value(writer, jsonOf(list[index], String(index)) ?? null, depth + 1);
      } catch (thrown) {
        throw FieldMisfitError.within(atIndex(index), thrown);
      }
    }
    writer.ldelim();
  }

  value(writer: Writer, given: unknown, depth: number): void {
    checkDepth(depth);
    const json = jsonOf(given, '');
    writer.fork();
    if (json === null) writer.uint32(NULL_VALUE).int32(0);
    else if (typeof json === 'string') writer.uint32(STRING_VALUE).string(this.text(json));
    else if (typeof json === 'boolean') writer.uint32(BOOL_VALUE).bool(json);
    else if (typeof json === 'number' || typeof json === 'bigint')
      writer.uint32(NUMBER_VALUE).double(this.number(json));
    else if (Array.isArray(json)) this.list(writer.uint32(LIST_VALUE), json as readonly unknown[], depth + 1);
    else if (typeof json === 'object') this.struct(writer.uint32(STRUCT_VALUE), json, depth + 1);
    else this.refuse(`JSON cannot represent ${describe(json)}`, () => undefined);
    writer.ldelim();
  }

  private text(given: string): string {
    return given.isWellFormed()
      ? given
      : this.refuse('the text has half of a surrogate pair, which UTF-8 cannot represent', () =>
          given.toWellFormed(),
        );
  }

  private number(given: number | bigint): number {
    const number = Number(given);
    if (Number.isFinite(number) && (typeof given === 'number' || BigInt(number) === given)) return number;
    return this.refuse(`a Value has finite numbers (double) only, found ${describe(given)}`, () => number);
  }
}

/** The JSON form of an object that defines one, like a Date. */
function jsonOf(given: unknown, key: string): unknown {
  if (typeof given !== 'object' || given === null || Buffer.isBuffer(given)) return given;
  const { toJSON } = given as { toJSON?: unknown };
  if (typeof toJSON === 'function') return toJSON.call(given, key) as unknown;
  return unboxed(given);
}

/** Excludes objects that would lose their content: promises, sets, errors, bytes. */
function isObject(given: object): boolean {
  return given instanceof Map || Object.prototype.toString.call(given) === '[object Object]';
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH)
    throw new FieldMisfitError(`more than ${MAX_DEPTH} nested messages; does one contain itself?`);
}

function readStruct(reader: Reader, depth: number, previous: unknown): object {
  const struct = (previous as object | undefined) ?? {};
  delimited(reader, depth, (tag) => {
    if (tag !== FIELDS) return false;
    let key = '';
    let entry: unknown;
    delimited(reader, depth, (part) => {
      if (part === ENTRY_KEY) key = reader.stringVerify();
      else if (part === ENTRY_VALUE) entry = readValue(reader, depth + 1, entry);
      else return false;
      return true;
    });
    define(struct, key, entry ?? null);
    return true;
  });
  return struct;
}

function readList(reader: Reader, depth: number, previous: unknown): unknown[] {
  const list = (previous as unknown[] | undefined) ?? [];
  delimited(reader, depth, (tag) => {
    if (tag !== VALUES) return false;
    list.push(readValue(reader, depth + 1, undefined));
    return true;
  });
  return list;
}

function readValue(reader: Reader, depth: number, previous: unknown): unknown {
  let found: unknown = previous ?? null;
  delimited(reader, depth, (tag) => {
    if (tag === STRING_VALUE) found = reader.stringVerify();
    else if (tag === NUMBER_VALUE) found = reader.double();
    else if (tag === BOOL_VALUE) found = reader.bool();
    else if (tag === STRUCT_VALUE) found = readStruct(reader, depth + 1, isStruct(found) ? found : undefined);
    else if (tag === LIST_VALUE)
      found = readList(reader, depth + 1, Array.isArray(found) ? found : undefined);
    else if (tag === NULL_VALUE) {
      reader.int32();
      found = null;
    } else return false;
    return true;
  });
  return found;
}

function isStruct(found: unknown): boolean {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}

/** Reads the fields of a length-prefixed message; those that `take` does not know are skipped. */
function delimited(reader: Reader, depth: number, take: (tag: number) => boolean): void {
  checkDepth(depth);
  const end = reader.size() + reader.pos;
  const { len } = reader;
  if (end > len) throw new FieldMisfitError('cut short');
  reader.len = end;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (!take(tag)) reader.skipType(tag & 7, depth, tag >>> 3);
  }
  reader.len = len;
}
