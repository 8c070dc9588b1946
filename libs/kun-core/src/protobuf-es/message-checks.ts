import type { DescField, DescMessage, DescOneof } from '@bufbuild/protobuf';
import { nearest } from '@kun/config';
import { atField, atIndex, atKey, describe, FieldMisfitError } from '../proto/values/message-misfit.js';
import { MAX_DEPTH } from '../proto/values/value-codec.js';
import { isNativeField } from './native-fields.js';
import { mapKeyCheck, scalarCheck } from './scalar-checks.js';

/**
 * Throws a {@link FieldMisfitError} for a value that does not fit its field; `made` says whether its message was
 * created by `create`.
 */
type Check = (value: unknown, depth: number, made: boolean) => void;

/** A field, or a oneof, of a message. */
interface Member {
  readonly name: string;
  /**
   * Whether it is required: in every message, or only in those created by `create`, as opposed to what `create`
   * accepts.
   */
  readonly needed: 'by all' | 'by messages' | 'no';
  readonly check: Check;
}

/**
 * Checks messages before they are encoded; the checks are compiled once for each type. protobuf-es encodes `5` for text
 * as "5", accepts half of an emoji, and drops unknown fields: only the compiler finds that, unless there was a cast.
 */
export class MessageChecks {
  private readonly made = new Map<DescMessage, Check>();

  /** Returns the check of a message of the type, or of what `create` accepts for one. */
  of(type: DescMessage): (value: unknown) => void {
    const check = this.checkOf(type);
    return (value) => check(value, 0, false);
  }

  private checkOf(type: DescMessage): Check {
    const known = this.made.get(type);
    if (known) return known;
    let members: ReadonlyMap<string, Member> | undefined;
    // A message may contain itself, so its members are compiled when the first one is encoded.
    const check: Check = (value, depth, made) => {
      members ??= new Map(type.members.map((member) => [member.localName, this.memberOf(member)]));
      checkMessage(type, members, value, depth, made);
    };
    this.made.set(type, check);
    return check;
  }

  private memberOf(member: DescField | DescOneof): Member {
    const { localName: name } = member;
    if (member.kind === 'oneof') return { name, needed: 'by messages', check: this.oneof(member) };
    const required = member.presence === LEGACY_REQUIRED;
    const always = member.fieldKind === 'list' || member.fieldKind === 'map' || member.presence === IMPLICIT;
    return {
      name,
      needed: required ? 'by all' : always ? 'by messages' : 'no',
      check: this.field(member),
    };
  }

  private field(field: DescField): Check {
    const one = this.single(field);
    if (field.fieldKind === 'list') {
      return (value, depth, made) => {
        if (!Array.isArray(value)) throw new FieldMisfitError(`expected an array, found ${describe(value)}`);
        for (let index = 0; index < value.length; index++)
          within(atIndex, index, one, value[index], depth, made);
      };
    }
    if (field.fieldKind !== 'map') return one;
    const checkKey = mapKeyCheck(field.mapKey);
    return (value, depth, made) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) {
        const hint = value instanceof Map ? ' (use Object.fromEntries)' : '';
        throw new FieldMisfitError(`expected an object, found ${describe(value)}${hint}`);
      }
      for (const [key, item] of Object.entries(value)) {
        checkKey(key);
        within(atKey, key, one, item, depth, made);
      }
    };
  }

  private single(field: DescField): Check {
    const { message, enum: values, scalar } = field;
    // A wrapper is represented by its value, and a Struct by JSON: protobuf-es unwraps them.
    if (message && isNativeField(field)) {
      const value = message.fields[0];
      return message.typeName === STRUCT || !value?.scalar ? isObject : scalarCheck(value.scalar);
    }
    if (message) {
      const check = this.checkOf(message);
      return (value, depth, made) => check(value, depth + 1, made);
    }
    if (!values) return scalar === undefined ? () => {} : scalarCheck(scalar);
    const integer = scalarCheck(INT32);
    const known = new Set(values.values.map(({ number }) => number));
    return (value) => {
      integer(value);
      if (!values.open && !known.has(value as number))
        throw new FieldMisfitError(`${values.typeName} has no value ${describe(value)}`);
    };
  }

  private oneof({ fields }: DescOneof): Check {
    const cases = new Map(fields.map((field) => [field.localName, this.field(field)]));
    return (given, depth, made) => {
      if (typeof given !== 'object' || given === null)
        throw new FieldMisfitError(`expected { case, value }, found ${describe(given)}`);
      const { case: set, value } = given as { case?: unknown; value?: unknown };
      if (set === undefined) return;
      const check = typeof set === 'string' ? cases.get(set) : undefined;
      if (!check) throw new FieldMisfitError(`case: ${noMember(set, [...cases.keys()])}`);
      within(atField, set as string, check, value, depth, made);
    };
  }
}

function checkMessage(
  { typeName }: DescMessage,
  members: ReadonlyMap<string, Member>,
  value: unknown,
  depth: number,
  withinMade: boolean,
): void {
  if (depth > MAX_DEPTH) throw new FieldMisfitError(`more than ${MAX_DEPTH} nested messages`);
  const made = isMade(typeName, value, withinMade);
  const message = value as Readonly<Record<string, unknown>>;
  for (const { name, needed, check } of members.values()) {
    const field = !made || Object.hasOwn(message, name) ? message[name] : undefined;
    // In what `create` accepts, null also means that a field is not set.
    if (field === undefined || (field === null && !made)) {
      if (needed === 'by all')
        throw FieldMisfitError.within(atField(name), new FieldMisfitError('is required, and not set'));
      if (needed === 'by messages' && made)
        throw FieldMisfitError.within(
          atField(name),
          new FieldMisfitError('is missing; create the message with create(...)'),
        );
    } else within(atField, name, check, field, depth, made);
  }
  for (const key of Object.keys(message)) {
    if (!members.has(key) && !key.startsWith('$'))
      throw FieldMisfitError.within(
        atField(key.slice(0, 64)),
        new FieldMisfitError(noMember(key, [...members.keys()])),
      );
  }
}

/** Returns whether it was created by `create`, as opposed to what `create` accepts; throws if it is neither. */
function isMade(typeName: string, value: unknown, withinMade: boolean): boolean {
  const made = (value as { $typeName?: unknown } | null | undefined)?.$typeName;
  if (made === typeName) return true;
  const expected = `expected a message ${typeName}, found`;
  if (made !== undefined)
    throw new FieldMisfitError(
      `${expected} ${typeof made === 'string' ? `one of ${made.slice(0, 200)}` : describe(made)}`,
    );
  // A Date, a Map or a promise has no known fields, and would become a message in which nothing is set.
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    const hint = value instanceof Date && typeName === TIMESTAMP ? '; use timestampFromDate' : '';
    throw new FieldMisfitError(`${expected} ${describe(value)}${hint}`);
  }
  if (withinMade) throw new FieldMisfitError(`${expected} an object; create it with create(...)`);
  return false;
}

/** The path is assembled only when it is needed. */
function within<Place extends string | number>(
  part: (place: Place) => string,
  place: Place,
  check: Check,
  value: unknown,
  depth: number,
  made: boolean,
): void {
  try {
    check(value, depth, made);
  } catch (thrown) {
    throw FieldMisfitError.within(part(place), thrown);
  }
}

function noMember(name: unknown, names: readonly string[]): string {
  const near = typeof name === 'string' ? nearest(name, names) : undefined;
  return near === undefined ? 'no such field' : `no such field; did you mean ${near}?`;
}

const isObject: Check = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FieldMisfitError(`expected an object, found ${describe(value)}`);
};

const TIMESTAMP = 'google.protobuf.Timestamp';
const STRUCT = 'google.protobuf.Struct';
/** `google.protobuf.FeatureSet.FieldPresence` */
const IMPLICIT = 2;
const LEGACY_REQUIRED = 3;
/** `ScalarType.INT32` */
const INT32 = 5;
