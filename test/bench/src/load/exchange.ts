import type { Scenario } from '../scenarios.js';

/** The bytes of a call: what goes out, and what alone is a right answer. */
export interface Exchange {
  readonly path: string;
  /** The request with gRPC's prefix. */
  readonly request: Buffer;
  /** All messages of the response, each with gRPC's prefix. */
  readonly response: Buffer;
  /** See {@link Scenario.mesh}. */
  readonly mesh: boolean;
}

/** Writes a scenario's messages as bytes, once. */
export function exchangeOf({ definition, request, responses, mesh = false }: Scenario): Exchange {
  return {
    path: definition.path,
    mesh,
    request: prefixed(definition.requestSerialize(request)),
    response: Buffer.concat(responses.map((message) => prefixed(definition.responseSerialize(message)))),
  };
}

/** A flag for compression (none), and 32 bits of length. */
function prefixed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
