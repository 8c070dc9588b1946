import type { RequestCheck } from '../../proto/request-rules.js';
import type { BoundMethod } from '../call/bound-method.js';

/** Which requests a server validates. */
export interface CheckedRequests {
  /** Request checks by method path. Default: none */
  readonly checks?: ReadonlyMap<string, RequestCheck> | undefined;
}

/** Applies the checks to the methods that have one, by path. */
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
 * A method whose requests are validated. The check runs after the guards, later than the request is decoded, so the
 * original message is kept until then.
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
