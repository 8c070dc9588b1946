/**
 * A message has no place for something, or what is there has no meaning for its field. It says where
 * (`items[3].price.currency`) and why, and shows no value of the message but numbers and names of enum values.
 */
export class MessageMisfitError extends Error {
  override readonly name = 'MessageMisfitError';

  constructor(
    /** The message's type, as `acme.cart.v1.Cart`. */
    readonly messageType: string,
    /** The field's path from there; `''` for the message itself. */
    readonly path: string,
    /** What is wrong with it. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(path === '' ? `${messageType}: ${reason}` : `${messageType}: ${path}: ${reason}`, options);
  }
}

/** A misfit on its way up: each message, list and map it passes puts its own part before the path. */
export class FieldMisfitError extends Error {
  private path = '';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }

  /** What was thrown, a misfit or what somebody's getter threw, with the part of the path where it happened. */
  static within(part: string, thrown: unknown): FieldMisfitError {
    const misfit =
      thrown instanceof FieldMisfitError
        ? thrown
        : new FieldMisfitError('reading or writing it failed', { cause: thrown });
    misfit.path = part + misfit.path;
    return misfit;
  }

  /** What the caller of the codec gets. */
  static toError(messageType: string, thrown: unknown): MessageMisfitError {
    const { path, reason, cause } = FieldMisfitError.within('', thrown);
    const options = cause === undefined ? undefined : { cause };
    return new MessageMisfitError(messageType, path.replace(/^\./, ''), reason, options);
  }
}

/** The part of a path for an element of a list. */
export function atIndex(index: number): string {
  return `[${index}]`;
}

/** The part of a path for an entry of a map. */
export function atKey(key: unknown): string {
  const text = String(key);
  return `[${JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)}]`;
}

/** The part of a path for a field. */
export function atField(name: string): string {
  return `.${name}`;
}

/** What becomes of a value without meaning: strict messages are refused, lenient ones go on with something else. */
export type Refuse = <T>(reason: string, instead: () => T) => T;

/** Refuses. */
export const strictly: Refuse = (reason) => {
  throw new FieldMisfitError(reason);
};

/** Goes on with what protobufjs has always made of such a value. */
export const leniently: Refuse = (_reason, instead) => instead();

/** What was found, for a reason: its kind, and its value where that is a number. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'object') return describeObject(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return `${value as number | bigint | boolean | undefined}`;
}

/** Keys and names longer than this are cut in messages. */
const MAX_SHOWN = 64;

function describeObject(value: object): string {
  if (Array.isArray(value)) return 'an array';
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === 'Promise') return 'a promise that nobody awaited';
  if (tag === 'Date') return Number.isNaN((value as Date).getTime()) ? 'an invalid Date' : 'a Date';
  return tag === 'Object' ? 'an object' : `an object of type ${tag}`;
}
