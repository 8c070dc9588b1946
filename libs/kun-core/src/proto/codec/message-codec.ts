import protobuf from 'protobufjs';
import { withoutLength } from './any-value.js';
import type { CompiledMessage } from './compiled-message.js';
import { MessageCompiler } from './message-compiler.js';
import { MessageSlab } from './message-slab.js';
import { FieldMisfitError } from '../values/message-misfit.js';
import type { ValueCodec } from '../values/value-codec.js';
import type { MessageForms } from '../values/message-forms.js';

/** Encodes and decodes messages of one type. */
export interface MessageCodec {
  /** @throws {MessageMisfitError} when the message has an unknown field, or a value that does not fit its field. */
  encode(message: unknown): Buffer;
  /** @throws {MessageMisfitError} when the bytes are not such a message. */
  decode(bytes: Uint8Array): object;
}

/**
 * Creates the codecs of a set of protos: the form of a message and its checks are compiled once for each type, and then
 * encoding or decoding takes a single pass over the fields.
 */
export function messageCodecs(forms: MessageForms): (type: protobuf.Type) => MessageCodec {
  const compiler = new MessageCompiler(forms);
  const slab = new MessageSlab();
  return (type) => codecOf(compiler.compile(type), compiler.wellKnown(type), slab);
}

/** The codec of one type. */
export function messageCodec(type: protobuf.Type, forms: MessageForms): MessageCodec {
  return messageCodecs(forms)(type);
}

function codecOf(
  { type, writer, reader }: CompiledMessage,
  wellKnown: ValueCodec | undefined,
  slab: MessageSlab,
): MessageCodec {
  const typeName = type.fullName.slice(1);
  // Messages of one type mostly have a similar size.
  let lastBytes = 0;
  return {
    encode(message) {
      const output = MessageSlab.isFor(lastBytes) ? slab.begin() : protobuf.Writer.create();
      try {
        // A method's own message has the form of its type; the native values that fields of the type accept are
        // accepted as well.
        if (wellKnown && !writer.fits(message))
          return withoutLength(nativeValue(wellKnown, message)) as Buffer;
        writer.write(output, message, 0);
        // A Buffer in Node, with no other owner: the writer is done.
        const bytes = slab.end(output);
        lastBytes = bytes.length;
        return bytes;
      } catch (thrown) {
        throw FieldMisfitError.toError(typeName, thrown);
      } finally {
        slab.drop(output);
      }
    },
    decode(bytes) {
      const { buffer, byteOffset, byteLength } = bytes;
      const input = Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength);
      try {
        return reader.read(protobuf.Reader.create(input), 0, undefined, 0);
      } catch (thrown) {
        throw FieldMisfitError.toError(typeName, thrown);
      }
    },
  };
}

function nativeValue(codec: ValueCodec, value: unknown): Uint8Array {
  const output = protobuf.Writer.create();
  codec.write(output, value, 0);
  return output.finish(true);
}
