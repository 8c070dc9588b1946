import type { CallHandler, Interceptor } from './interceptor.js';

/**
 * An interceptor that is made anew when what it is made of changes, and costs a call nothing but its own work.
 * `undefined` stands for none. `onChange` is given what to call at a change.
 */
export function rebuiltInterceptor(
  build: () => Interceptor | undefined,
  onChange: (rebuild: () => void) => void,
): Interceptor {
  return (next) => {
    const wrap = (): CallHandler => build()?.(next) ?? next;
    let handler = wrap();
    onChange(() => (handler = wrap()));
    return (call) => handler(call);
  };
}
