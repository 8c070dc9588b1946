import protobuf from 'protobufjs';
import { nearest } from '@kun/config';

/** A type is referred to but not defined in any file. */
export class UnknownTypeError extends Error {
  constructor(
    /** The field, extension or method that refers to it. */
    readonly object: protobuf.ReflectionObject,
    /** The type as written. */
    readonly reference: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Makes every reference to a type absolute, by protobuf's rules: the search goes from the innermost scope outwards.
 * protobufjs' own search also looks into sibling messages, and finds `acme.v1.Order.Status` where `acme.Status` is
 * meant.
 *
 * @throws {UnknownTypeError} for a type that is not defined.
 */
export function linkTypes(root: protobuf.Root): void {
  const find = typeFinder(root);
  const resolve = (reference: string, object: protobuf.ReflectionObject, scope: string): string => {
    const found = find(reference, scope);
    if (found) return found.fullName;
    const types = [...everythingIn(root)].filter(isTypeOrEnum);
    const near = nearest(
      reference,
      types.map((type) => nameWithin(nameOf(type), scope)),
    );
    const remedy = near === undefined ? 'is the file that defines it imported?' : `did you mean ${near}?`;
    throw new UnknownTypeError(object, reference, `there is no type ${reference}; ${remedy}`);
  };
  for (const object of everythingIn(root)) {
    if (object instanceof protobuf.Type) {
      for (const field of object.fieldsArray) linkField(field, resolve);
    } else if (object instanceof protobuf.Field) {
      linkField(object, resolve);
    } else if (object instanceof protobuf.Service) {
      for (const method of object.methodsArray) {
        method.requestType = resolve(method.requestType, method, nameOf(object));
        method.responseType = resolve(method.responseType, method, nameOf(object));
      }
    }
  }
}

/**
 * Finds the message or enum that a name refers to within a scope (`acme.v1.Order`), from the innermost scope outwards.
 */
export function typeFinder(
  root: protobuf.Root,
): (reference: string, scope: string) => protobuf.Type | protobuf.Enum | undefined {
  const types = new Map([...everythingIn(root)].filter(isTypeOrEnum).map((type) => [nameOf(type), type]));
  return (reference, scope) => findFrom(types, reference, scope);
}

/** What a name refers to within a scope, among things by full name. */
export function findFrom<T>(things: ReadonlyMap<string, T>, reference: string, scope: string): T | undefined {
  if (reference.startsWith('.')) return things.get(reference.slice(1));
  for (let outer: string | undefined = scope; outer !== undefined; outer = scopeAround(outer)) {
    const found = things.get(outer === '' ? reference : `${outer}.${reference}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All namespaces, types, enums, services and extension fields in it. */
export function* everythingIn(namespace: protobuf.NamespaceBase): Generator<protobuf.ReflectionObject> {
  for (const nested of namespace.nestedArray) {
    yield nested;
    if (nested instanceof protobuf.Namespace) yield* everythingIn(nested);
  }
}

/** The full name, such as `acme.v1.Order`. */
export function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}

function isTypeOrEnum(object: protobuf.ReflectionObject): object is protobuf.Type | protobuf.Enum {
  return object instanceof protobuf.Type || object instanceof protobuf.Enum;
}

function linkField(
  field: protobuf.Field,
  resolve: (reference: string, object: protobuf.ReflectionObject, scope: string) => string,
): void {
  // The extended message has a copy of each extension; both follow the extension's declaration.
  if (field.declaringField || field.type in protobuf.types.basic) return;
  field.type = resolve(field.type, field, field.parent ? nameOf(field.parent) : '');
  if (field.extensionField) field.extensionField.type = field.type;
}

/** The enclosing scope; `undefined` for the outermost one. */
function scopeAround(scope: string): string | undefined {
  if (scope === '') return undefined;
  return scope.includes('.') ? scope.slice(0, scope.lastIndexOf('.')) : '';
}

/** The name as it can be written in the scope. */
function nameWithin(name: string, scope: string): string {
  for (let outer: string | undefined = scope; outer; outer = scopeAround(outer)) {
    if (name.startsWith(`${outer}.`)) return name.slice(outer.length + 1);
  }
  return name;
}
