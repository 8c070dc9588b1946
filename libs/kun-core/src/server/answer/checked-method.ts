import type { RequestCheck } from '../../proto/request-rules.js';
import type { BoundMethod } from '../call/bound-method.js';

/** Which requests a server looks at. */
export interface CheckedRequests {
  /** What single methods hold their requests to, by path. Default: nothing */
  readonly checks?: ReadonlyMap<string, RequestCheck> | undefined;
}

/** Holds the requests of those methods to rules that there are rules for, by path. */
export function checkMethods(
  methods: Map<string, BoundMethod>,
  checks: ReadonlyMap<string, RequestCheck> = new Map(),
): void {
  for (const [path, check] of checks) {
    const method = methods.get(path);
    if (method) methods.set(path, checkedMethod(method, check));
  }
}

/**
 * A method whose requests are held to rules. They are looked at when the guards have let the call pass, and so later than
 * they are read: until then what a message came as is kept beside it.
 */
function checkedMethod(bound: BoundMethod, check: RequestCheck): BoundMethod {
  const { codec } = bound;
  const cameAs = new WeakMap<object, Buffer>();
  return {
    ...bound,
    codec: {
      serializeResponse: (message) => codec.serializeResponse(message),
      deserializeRequest(bytes) {
        const message = codec.deserializeRequest(bytes) as object;
        cameAs.set(message, bytes);
        return message;
      },
    },
    check(message) {
      const bytes = cameAs.get(message as object);
      if (bytes) check(message as object, bytes);
    },
  };
}
