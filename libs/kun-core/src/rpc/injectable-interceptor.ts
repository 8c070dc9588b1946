import type { InjectionToken } from '@nestjs/common';
import type { CallHandler, Interceptor } from './interceptor.js';

/** An interceptor that Nest makes, for those that need providers. */
export interface KunInterceptor {
  intercept(next: CallHandler): CallHandler;
}

/**
 * The interceptor behind an entry of `forRoot({ interceptors })`: a function is the interceptor itself, a class with
 * `intercept` or any other token is looked up.
 *
 * @throws {TypeError} when what is found has no `intercept`.
 */
export function resolveInterceptor(
  entry: Interceptor | InjectionToken,
  lookUp: (token: InjectionToken) => unknown,
): Interceptor {
  if (isInterceptor(entry)) return entry;
  const found = lookUp(entry);
  if (typeof found === 'function') return found as Interceptor;
  if (!isKunInterceptor(found)) {
    throw new TypeError(`${nameOf(entry)} is not an interceptor: it needs intercept(next)`);
  }
  return (next) => found.intercept(next);
}

/** Classes are functions, too; those that are looked up have the method on their prototype. */
function isInterceptor(entry: Interceptor | InjectionToken): entry is Interceptor {
  return typeof entry === 'function' && !(entry.prototype && 'intercept' in entry.prototype);
}

function isKunInterceptor(value: unknown): value is KunInterceptor {
  return (
    typeof value === 'object' &&
    value !== null &&
    'intercept' in value &&
    typeof value.intercept === 'function'
  );
}

function nameOf(token: Interceptor | InjectionToken): string {
  return typeof token === 'function' ? token.name : String(token);
}
