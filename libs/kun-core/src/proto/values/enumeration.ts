import { nearest } from '@kun/config';
import type protobuf from 'protobufjs';
import type { MessageForms } from './message-forms.js';
import { featureOf } from './field-plan.js';
import { describe, type Refuse } from './message-misfit.js';
import { unboxed, type ValueCodec } from './value-codec.js';

/**
 * An enum value: its name or its number. An open enum (proto3) accepts and yields numbers without a name; a closed one
 * (proto2) only its own.
 */
export function enumeration(type: protobuf.Enum, enums: MessageForms['enums'], refuse: Refuse): ValueCodec {
  const numbers = new Map(Object.entries(type.values));
  const names = new Map<number, string>();
  // Of several names of a number (`allow_alias`), the first one is used.
  for (const [name, number] of numbers) if (!names.has(number)) names.set(number, name);
  const closed = featureOf(type, 'enum_type') === 'CLOSED';
  const present = (number: number): unknown => (enums === 'name' ? (names.get(number) ?? number) : number);
  const first = [...numbers.values()][0] ?? 0;

  const convert = (given: unknown): number => {
    const value = unboxed(given);
    if (typeof value === 'string' && numbers.has(value)) return numbers.get(value) as number;
    if (typeof value === 'number' && (closed ? names.has(value) : (value | 0) === value)) return value;
    return refuse(reasonFor(value), () => (typeof value === 'number' ? value | 0 : first));
  };
  const reasonFor = (value: unknown): string => {
    if (typeof value !== 'string') {
      return `expected a name or number of the enum ${type.name}, found ${describe(value)}`;
    }
    const near = nearest(value, [...numbers.keys()]);
    const shown = JSON.stringify(value.slice(0, MAX_SHOWN));
    return `${type.name} has no value ${shown}; ${near === undefined ? `it has ${list(numbers.keys())}` : `did you mean ${near}?`}`;
  };
  return {
    wireType: 0,
    packable: true,
    zero: present(first),
    write: (writer, value) =>
      void writer.int32((typeof value === 'string' ? numbers.get(value) : undefined) ?? convert(value)),
    read: (reader) => {
      const number = reader.int32();
      return closed && !names.has(number) ? undefined : present(number);
    },
    empty: () => present(first),
  };
}

const MAX_SHOWN = 64;
const MAX_LISTED = 12;

function list(names: Iterable<string>): string {
  const all = [...names];
  return all.slice(0, MAX_LISTED).join(', ') + (all.length > MAX_LISTED ? ', …' : '');
}
