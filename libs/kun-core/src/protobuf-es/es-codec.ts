import { create, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf';
import { FieldMisfitError } from '../proto/values/message-misfit.js';
import { MessageChecks } from './message-checks.js';
import { hasTooManyUnknown } from './unknown-fields.js';

/** How messages are written. */
export interface EsForms {
  /** Whether what does not fit is an error, rather than what protobuf-es makes of it. */
  readonly strict: boolean;
}

/** Messages of one type to bytes and back. */
export interface EsCodec {
  /** @throws {MessageMisfitError} when something in the message has no place in its type, or no meaning for its field. */
  encode(message: unknown): Buffer;
  /** @throws {MessageMisfitError} when the bytes are no such message. */
  decode(bytes: Uint8Array): object;
}

/**
 * Makes the codecs of a set of services: protobuf-es' own writing and reading, and in front of the writing the checks that
 * it leaves to the compiler.
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
          // Not as a Buffer, whose slice() copies nothing: fields of bytes would be Buffers, too.
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
