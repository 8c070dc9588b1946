import type { Writer } from 'protobufjs';
import { define, type Source } from '../values/field-plan.js';
import { atKey, describe, FieldMisfitError, type Refuse } from '../values/message-misfit.js';
import type { FieldReader } from './message-reader.js';
import type { ValueCodec } from '../values/value-codec.js';

/** How a map's keys are encoded and decoded, and whether the map is a `Map`, as in generated types. */
export interface MapKeys {
  readonly codec: ValueCodec;
  /** Converts an object's key to the value that the codec encodes. */
  readonly fromText: (text: string) => unknown;
  /** Whether it is decoded to a `Map`, because in an object the keys would become text. */
  readonly asMap: boolean;
}

const KEY = 1;
const VALUE = 2;

/** Writes a map: from a `Map`, or from an object whose keys are the text of the map's. */
export function mapWriter(tag: number, keys: MapKeys, values: ValueCodec, refuse: Refuse) {
  const keyTag = (KEY << 3) | keys.codec.wireType;
  const valueTag = (VALUE << 3) | values.wireType;
  const entry = (writer: Writer, key: unknown, value: unknown, depth: number): void => {
    if (value === undefined) return;
    try {
      writer.uint32(tag).fork().uint32(keyTag);
      keys.codec.write(writer, typeof key === 'string' ? keys.fromText(key) : key, depth);
      writer.uint32(valueTag);
      values.write(writer, value, depth);
      writer.ldelim();
    } catch (thrown) {
      throw FieldMisfitError.within(atKey(key), thrown);
    }
  };
  return (writer: Writer, given: unknown, depth: number): void => {
    if (given instanceof Map) {
      for (const [key, value] of given) entry(writer, key, value, depth);
      return;
    }
    const map: Source = isObject(given)
      ? given
      : refuse(`expected a map, found ${describe(given)}`, () => ({}));
    for (const key of Object.keys(map)) entry(writer, key, map[key], depth);
  };
}

/** Decodes an entry into the existing map; the last entry of a key wins. */
export function mapReader(keys: MapKeys, values: ValueCodec): FieldReader['read'] {
  return (reader, depth, previous) => {
    const end = reader.size() + reader.pos;
    const { len } = reader;
    if (end > len) throw new FieldMisfitError('truncated: an entry that is longer than its message');
    reader.len = end;
    let key: unknown;
    let value: unknown;
    let unknownValue = false;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === ((KEY << 3) | keys.codec.wireType)) key = keys.codec.read(reader, depth, undefined);
      else if (tag === ((VALUE << 3) | values.wireType)) {
        value = values.read(reader, depth, value);
        unknownValue = value === undefined;
      } else reader.skipType(tag & 7, depth, tag >>> 3);
    }
    reader.len = len;
    const map = previous ?? newMap(keys);
    // An entry with a value unknown to a closed enum is dropped as a whole.
    if (!unknownValue) put(map, key ?? keys.codec.empty(), value ?? values.empty());
    return map;
  };
}

/** An empty map in its decoded form. */
export function newMap(keys: MapKeys): object {
  return keys.asMap ? new Map<unknown, unknown>() : {};
}

function put(map: unknown, key: unknown, value: unknown): void {
  if (map instanceof Map) map.set(key, value);
  else if (key === '__proto__') define(map as object, '__proto__', value);
  else (map as Record<string, unknown>)[key as string] = value;
}

function isObject(value: unknown): value is Source {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** The keys of a map field, given how objects represent them. */
export function mapKeys(
  type: string,
  codec: ValueCodec,
  longs: 'string' | 'number' | 'bigint',
  refuse: Refuse,
): MapKeys {
  if (type === 'bool') return { codec, fromText: (text) => booleanOf(text, refuse), asMap: true };
  return { codec, fromText: (text) => text, asMap: type.endsWith('64') && longs === 'bigint' };
}

function booleanOf(text: string, refuse: Refuse): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return refuse('expected the key true or false', () => text !== '' && text !== '0');
}
