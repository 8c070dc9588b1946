import type { Interceptor } from './interceptor.js';
import type { RpcMethod } from './rpc-method.js';

/** `/package.Service/Method`, `/package.Service/*`, or `/*` for all. */
export type MethodSelector = string;

/**
 * Applies an interceptor to some methods only; other calls bypass it at the cost of one map look-up.
 *
 * @throws {TypeError} when the selector has none of the three forms.
 */
export function only(selector: MethodSelector, interceptor: Interceptor): Interceptor {
  const matches = methodMatcher(selector);
  return (next) => {
    const intercepted = interceptor(next);
    const chosen = new Map<RpcMethod, typeof next>();
    return function onlySome(call) {
      let handler = chosen.get(call.method);
      if (!handler) {
        handler = matches(call.method) ? intercepted : next;
        chosen.set(call.method, handler);
      }
      return handler(call);
    };
  };
}

/** @throws {TypeError} when the selector has none of the three forms. */
export function methodMatcher(selector: MethodSelector): (method: RpcMethod) => boolean {
  if (selector === '/*') return () => true;
  const [, service, name] = /^\/([\w.]+)\/(\w+|\*)$/.exec(selector) ?? [];
  if (!service || !name) {
    throw new TypeError(
      `"${selector}" is not a method selector: write /package.Service/Method, /package.Service/* or /*`,
    );
  }
  return (method) => method.service === service && (name === '*' || method.name === name);
}
