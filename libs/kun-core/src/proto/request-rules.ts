import type { DescribedSchema } from './files/described-schema.js';

/** Rules of the protos that requests are held to: `protovalidate()` of `@kun/core/protovalidate` makes them. */
export interface RequestRules {
  /** What makes them, for messages. */
  readonly rulesOf: string;
}

/** What is known of the messages that rules are about. */
export interface RuledProtos {
  readonly schemas: readonly DescribedSchema[];
  /** Paths of the methods, as `/package.Service/Method`. */
  readonly methods: readonly string[];
}

/**
 * Looks at one request, as a handler gets it and as it came.
 *
 * @throws {StatusError} with INVALID_ARGUMENT and its violations, or INTERNAL when a rule cannot be evaluated.
 */
export type RequestCheck = (message: object, bytes: Uint8Array) => void;

/** The same as their maker knows them. */
export interface CompilableRules extends RequestRules {
  /** The checks, by the methods' paths, of those methods whose requests have rules. @throws {ProtoError} for a broken rule. */
  compile(protos: RuledProtos): ReadonlyMap<string, RequestCheck>;
}

/** The checks of a server's requests; none where there are no rules. */
export function compileRules(
  rules: RequestRules | undefined,
  protos: RuledProtos,
): ReadonlyMap<string, RequestCheck> {
  return rules ? (rules as CompilableRules).compile(protos) : new Map();
}
