import { ExplainedError } from '@kun/config';
import type { InjectionToken } from '@nestjs/common';
import type { CallHandler, Interceptor } from './interceptor.js';

/** An interceptor that Nest instantiates, for interceptors that need providers. */
export interface KunInterceptor {
  intercept(next: CallHandler): CallHandler;
}

/** An entry of a list of interceptors is invalid; the message has the list, the position, and the remedy. */
export class InterceptorError extends ExplainedError {
  override readonly name = 'InterceptorError';
}

/**
 * Resolves a user's list of interceptors: a function is the interceptor itself; a class with `intercept`, or any other
 * token, is looked up.
 *
 * @param list the name of the list for messages, such as `KunModule.forRoot({ interceptors })`
 * @throws {InterceptorError} when an entry is neither, has no provider, or resolves to something without `intercept`;
 * and, from the interceptor itself, when that does not return a handler.
 */
export function resolveInterceptors(
  list: string,
  entries: ReadonlyArray<Interceptor | InjectionToken>,
  lookUp: (token: InjectionToken) => unknown,
): Interceptor[] {
  return entries.map((entry, index) => {
    const refuse = (problem: string): InterceptorError =>
      new InterceptorError(`${list}, entry ${index + 1}: ${nameOf(entry)} ${problem}`);
    const interceptor = resolve(entry, lookUp, refuse);
    return (next) => {
      const handler: unknown = interceptor(next);
      if (typeof handler === 'function') return handler as CallHandler;
      throw refuse(
        'does not return a handler: return a function of the call, as in (next) => (call) => next(call)',
      );
    };
  });
}

function resolve(
  entry: unknown,
  lookUp: (token: InjectionToken) => unknown,
  refuse: (problem: string) => InterceptorError,
): Interceptor {
  if (isInterceptor(entry)) return entry;
  if (!isToken(entry)) {
    throw refuse(
      'is not an interceptor: pass a function, or the class of a KunInterceptor that a module provides',
    );
  }
  if (isClass(entry) && !hasIntercept(entry.prototype)) {
    throw refuse('is a class without intercept(next): make it implement KunInterceptor');
  }
  let found: unknown;
  try {
    found = lookUp(entry);
  } catch {
    throw refuse("is not provided by any module: add it to a module's providers");
  }
  if (typeof found === 'function' && !isClass(found)) return found;
  if (!hasIntercept(found)) throw refuse('is not an interceptor: the provided value has no intercept(next)');
  if (found.intercept.length > 1) {
    throw refuse('is a Nest interceptor with intercept(context, next): use it in @UseInterceptors(...)');
  }
  return (next) => found.intercept(next);
}

function isInterceptor(entry: unknown): entry is Interceptor {
  return typeof entry === 'function' && !isClass(entry);
}

function isToken(entry: unknown): entry is InjectionToken {
  return (
    (typeof entry === 'string' && entry !== '') || typeof entry === 'symbol' || typeof entry === 'function'
  );
}

/** Classes are functions, too; older compilers emit them as functions with methods on the prototype. */
function isClass(entry: unknown): entry is { readonly prototype: unknown } {
  if (typeof entry !== 'function') return false;
  return hasIntercept(entry.prototype) || /^class\b/.test(Function.prototype.toString.call(entry));
}

function hasIntercept(value: unknown): value is KunInterceptor {
  return (
    typeof value === 'object' &&
    value !== null &&
    'intercept' in value &&
    typeof value.intercept === 'function'
  );
}

function nameOf(entry: unknown): string {
  if (typeof entry === 'function') return entry.name || 'a function';
  if (typeof entry === 'object' && entry !== null)
    return `an object of ${entry.constructor?.name ?? 'no class'}`;
  return typeof entry === 'string' ? JSON.stringify(entry) : String(entry);
}
