/**
 * An invalid argument was passed to a client method: the request or one of the call's options. A bug in the calling
 * code, detected before anything is sent; a handler that does not catch it answers INTERNAL.
 */
export class CallArgumentError extends TypeError {
  override readonly name = 'CallArgumentError';

  constructor(
    /** The method's path, as `/acme.stock.v1.StockService/Reserve`. */
    readonly method: string,
    /** `request`, `options`, or the option as written: `timeoutMs`, `retry.codes`, `metadata.x-tenant`. */
    readonly argument: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${method}: ${argument}: ${problem}`, options);
  }
}

/** The maximum length of a value repeated in a message, in characters. */
const MAX_SHOWN_LENGTH = 40;

/** Describes a value for a message: its type, and its content if that is short and cannot contain a secret. */
export function describeArgument(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return `the ${typeof value} ${String(value).slice(0, MAX_SHOWN_LENGTH)}`;
  }
  if (typeof value === 'string') {
    return value.length <= MAX_SHOWN_LENGTH ? `the string ${JSON.stringify(value)}` : 'a long string';
  }
  if (typeof value !== 'object') return `a ${typeof value}`;
  return Array.isArray(value) ? 'an array' : objectName(value);
}

function objectName(value: object): string {
  try {
    const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
    return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object';
  } catch {
    return 'an object';
  }
}
