import type protobuf from 'protobufjs';
import type { MessageForms } from './message-forms.js';

/** A field of a message as codecs need it; made once. */
export interface FieldPlan {
  readonly field: protobuf.Field;
  /** Its name in JavaScript. */
  readonly name: string;
  /** Whether every object has something of the name, so that only an own property counts as set. */
  readonly inherited: boolean;
}

/** What a message is read from: an object literal, or an instance of anything whose properties are its fields. */
export type Source = Readonly<Record<string, unknown>>;

/**
 * The fields of a message, in the order of the proto.
 *
 * @throws {TypeError} when two fields have one name in lower camel case.
 */
export function planFields(type: protobuf.Type, fieldNames: MessageForms['fieldNames']): FieldPlan[] {
  const seen = new Map<string, string>();
  return type.fieldsArray.map((field) => {
    const protoName = field.resolve().protoName ?? field.name;
    const name = fieldNames === 'camel' ? camelName(protoName) : protoName;
    const other = seen.get(name);
    if (other !== undefined) {
      throw new TypeError(
        `${type.fullName.slice(1)}: ${other} and ${protoName} are both ${name} in lower camel case; use fieldNames: 'proto'`,
      );
    }
    seen.set(name, protoName);
    return { field, name, inherited: name in Object.prototype };
  });
}

/** A field's name in lower camel case, as ts-proto generates it: `user_name` is `userName`, `line_1` is `line1`. */
export function camelName(name: string): string {
  if (!name.includes('_')) return name;
  const shouts = !/[a-z]/.test(name);
  return (shouts ? name.toLowerCase() : name)
    .split('_')
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}

/** What a message has for a field, `undefined` when it has nothing of its own or its class. */
export function valueOf(source: Source, { name, inherited }: FieldPlan): unknown {
  if (!inherited || Object.hasOwn(source, name)) return source[name];
  const value = source[name];
  return value === (Object.prototype as unknown as Source)[name] ? undefined : value;
}

/** Sets what may be called `__proto__`, which assigning would make the object's prototype. */
export function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * A feature of editions as it holds for a part of a proto; proto2 and proto3 are editions of their own. protobufjs has
 * resolved them with its types and does not name them in its declarations.
 */
export function featureOf(part: protobuf.ReflectionObject, name: string): unknown {
  const resolved = Reflect.get(part, '_features') as Readonly<Record<string, unknown>> | undefined;
  return resolved?.[name];
}
