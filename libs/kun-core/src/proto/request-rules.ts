import type { DescribedSchema } from './files/described-schema.js';

/** Validation rules for requests; created by `protovalidate()` of `@kun/core/protovalidate`. */
export interface RequestRules {
  /** The name of their source, for messages. */
  readonly rulesOf: string;
}

/** The messages that the rules apply to. */
export interface RuledProtos {
  readonly schemas: readonly DescribedSchema[];
  /** The methods' paths: `/package.Service/Method`. */
  readonly methods: readonly string[];
}

/**
 * Checks one request, given as the handler receives it and as bytes.
 *
 * @throws {StatusError} with INVALID_ARGUMENT and its violations, or INTERNAL when a rule cannot be evaluated.
 */
export type RequestCheck = (message: object, bytes: Uint8Array) => void;

/** The internal form of {@link RequestRules}. */
export interface CompilableRules extends RequestRules {
  /** The checks of those methods whose requests have rules, by method path. @throws {ProtoError} for a broken rule. */
  compile(protos: RuledProtos): ReadonlyMap<string, RequestCheck>;
}

/** The checks of a server's requests; empty if there are no rules. */
export function compileRules(
  rules: RequestRules | undefined,
  protos: RuledProtos,
): ReadonlyMap<string, RequestCheck> {
  return rules ? (rules as CompilableRules).compile(protos) : new Map();
}
