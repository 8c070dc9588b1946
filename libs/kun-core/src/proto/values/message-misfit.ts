/**
 * A message has an unknown field, or a value that does not fit its field. The error says where
 * (`items[3].price.currency`) and why; of the message's values it shows only numbers and enum names.
 */
export class MessageMisfitError extends Error {
  override readonly name = 'MessageMisfitError';

  constructor(
    /** The message's type, such as `acme.cart.v1.Cart`. */
    readonly messageType: string,
    /** The field's path within the message; `''` for the message itself. */
    readonly path: string,
    /** The reason. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(path === '' ? `${messageType}: ${reason}` : `${messageType}: ${path}: ${reason}`, options);
  }
}

/** A misfit being passed up: each message, list and map prepends its part of the path. */
export class FieldMisfitError extends Error {
  private path = '';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }

  /** Adds a part of the path to what was thrown: a misfit, or an error of a getter. */
  static within(part: string, thrown: unknown): FieldMisfitError {
    const misfit =
      thrown instanceof FieldMisfitError
        ? thrown
        : new FieldMisfitError('reading or writing it failed', { cause: thrown });
    misfit.path = part + misfit.path;
    return misfit;
  }

  /** The error for the codec's caller. */
  static toError(messageType: string, thrown: unknown): MessageMisfitError {
    const { path, reason, cause } = FieldMisfitError.within('', thrown);
    const options = cause === undefined ? undefined : { cause };
    return new MessageMisfitError(messageType, path.replace(/^\./, ''), reason, options);
  }
}

/** The part of a path for a list element. */
export function atIndex(index: number): string {
  return `[${index}]`;
}

/** The part of a path for a map entry. */
export function atKey(key: unknown): string {
  const text = String(key);
  return `[${JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)}]`;
}

/** The part of a path for a field. */
export function atField(name: string): string {
  return `.${name}`;
}

/** What to do with a value that does not fit: strict messages are refused, lenient ones use something else instead. */
export type Refuse = <T>(reason: string, instead: () => T) => T;

/** Refuses the value. */
export const strictly: Refuse = (reason) => {
  throw new FieldMisfitError(reason);
};

/** Uses what protobufjs has always made of such a value. */
export const leniently: Refuse = (_reason, instead) => instead();

/** Describes a value for an error message: its type, and its value if it is a number. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'object') return describeObject(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return `${value as number | bigint | boolean | undefined}`;
}

/** Longer keys and names are truncated in messages. */
const MAX_SHOWN = 64;

function describeObject(value: object): string {
  if (Array.isArray(value)) return 'an array';
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === 'Promise') return 'a promise that was not awaited';
  if (tag === 'Date') return Number.isNaN((value as Date).getTime()) ? 'an invalid Date' : 'a Date';
  return tag === 'Object' ? 'an object' : `an object of type ${tag}`;
}
