import { describe, expect, it } from 'vitest';
import { InterceptorError, resolveInterceptors } from './injectable-interceptor.js';
import type { CallHandler, Interceptor } from './interceptor.js';

const next: CallHandler = async () => ({ code: 0 }) as never;

class Passing {
  intercept(given: CallHandler): CallHandler {
    return given;
  }
}
class OfNest {
  intercept(_context: unknown, handler: unknown): unknown {
    return handler;
  }
}
class Without {}

const provided = new Map<unknown, unknown>([
  [Passing, new Passing()],
  [OfNest, new OfNest()],
  ['by name', new Passing()],
  ['a function', (given: CallHandler) => given],
  ['a number', 5],
]);
function lookUp(token: unknown): unknown {
  if (!provided.has(token)) throw new Error('Nest could not find the element');
  return provided.get(token);
}

const resolve = (entry: unknown) =>
  resolveInterceptors('forRoot({ interceptors })', [(given) => given, entry as Interceptor], lookUp);

describe('resolveInterceptors', () => {
  it.each([(given: CallHandler) => given, Passing, 'by name', 'a function'])('takes %s', (entry) => {
    expect(resolve(entry).map((interceptor) => interceptor(next))).toEqual([next, next]);
  });

  class Unprovided extends Passing {}
  it.each([
    [undefined, 'undefined is not an interceptor: pass a function, or the class of a KunInterceptor'],
    [7, '7 is not an interceptor: '],
    [new Passing(), 'an object of Passing is not an interceptor: '],
    [Object.create(null), 'an object of no class is not an interceptor: '],
    [Without, 'Without is a class without intercept(next): make it implement KunInterceptor'],
    [OfNest, 'OfNest is a Nest interceptor with intercept(context, next)'],
    [Unprovided, "Unprovided is not provided by any module: add it to a module's providers"],
    ['nobody', '"nobody" is not provided by any module'],
    ['a number', '"a number" is not an interceptor: the provided value has no intercept(next)'],
  ])('refuses %o', (entry, message) => {
    expect(() => resolve(entry)).toThrow(InterceptorError);
    expect(() => resolve(entry)).toThrow(`forRoot({ interceptors }), entry 2: ${message}`);
  });

  it('refuses one that gives no handler', () => {
    const [, lost] = resolve(() => undefined);
    expect(() => lost?.(next)).toThrow(
      'entry 2: a function does not return a handler: return a function of the call',
    );
  });
});
