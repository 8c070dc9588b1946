import { create, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf';
import { FieldMisfitError } from '../proto/values/message-misfit.js';
import { MessageChecks } from './message-checks.js';
import { hasTooManyUnknown } from './unknown-fields.js';

/** How messages are encoded. */
export interface EsForms {
  /** Whether a value that does not fit is an error, instead of being encoded the way protobuf-es does. */
  readonly strict: boolean;
}

/** Encodes and decodes messages of one type. */
export interface EsCodec {
  /** @throws {MessageMisfitError} when the message has an unknown field, or a value that does not fit its field. */
  encode(message: unknown): Buffer;
  /** @throws {MessageMisfitError} when the bytes are not such a message. */
  decode(bytes: Uint8Array): object;
}

/**
 * Creates the codecs of a set of services: protobuf-es' own encoding and decoding, preceded when encoding by the checks
 * that it leaves to the compiler.
 */
export function esCodecs({ strict }: EsForms): (type: DescMessage) => EsCodec {
  const checks = strict ? new MessageChecks() : undefined;
  return (type) => {
    const check = checks?.of(type);
    return {
      encode(given) {
        try {
          check?.(given);
          const bytes = toBinary(type, create(type, given as Record<string, unknown>));
          return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        } catch (thrown) {
          throw FieldMisfitError.toError(type.typeName, thrown);
        }
      },
      decode({ buffer, byteOffset, byteLength }) {
        try {
          // Not a Buffer, whose slice() does not copy: bytes fields would be Buffers, too.
          const bytes = new Uint8Array(buffer, byteOffset, byteLength);
          return fromBinary(type, bytes, { readUnknownFields: !hasTooManyUnknown(type, bytes) });
        } catch (cause) {
          throw FieldMisfitError.toError(
            type.typeName,
            new FieldMisfitError("not in protobuf's wire format", { cause }),
          );
        }
      },
    };
  };
}
