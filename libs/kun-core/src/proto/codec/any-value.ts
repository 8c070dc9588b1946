import protobuf from 'protobufjs';
import type { CompiledMessage, Compiler } from './compiled-message.js';
import { describe, FieldMisfitError } from '../values/message-misfit.js';
import type { ValueCodec } from '../values/value-codec.js';

const TYPE = '@type';

/**
 * A `google.protobuf.Any` is `{ type_url, value }`, with the bytes of its message. The message itself is also accepted,
 * with its type's URL in `@type` as in JSON (a well-known type as its `value`), if the loaded protos define it.
 */
export function anyValue({ type, writer, reader }: CompiledMessage, compiler: Compiler): ValueCodec {
  const [urlName = '', valueName = ''] = writer.fieldNames;
  const pack = (given: Readonly<Record<string, unknown>>, depth: number): object => {
    const { [TYPE]: url, ...message } = given;
    if (typeof url !== 'string')
      throw new FieldMisfitError(`expected a type's URL in ${TYPE}, found ${describe(url)}`);
    const packed = lookup(type.root, url);
    const output = protobuf.Writer.create();
    const known = compiler.wellKnown(packed);
    if (known) known.write(output, message['value'], depth + 1);
    else compiler.compile(packed).writer.write(output, message, depth + 1);
    const bytes = output.finish();
    return { [urlName]: url, [valueName]: known ? withoutLength(bytes) : bytes };
  };
  return {
    wireType: 2,
    packable: false,
    zero: undefined,
    write(output, given, depth) {
      const inJson = typeof given === 'object' && given !== null && TYPE in given;
      output.fork();
      writer.write(output, inJson ? pack(given, depth) : given, depth + 1);
      output.ldelim();
    },
    read: (input, depth, previous) => reader.readDelimited(input, depth + 1, previous),
    empty: () => reader.empty(),
  };
}

function lookup(root: protobuf.Root, url: string): protobuf.Type {
  const name = url.slice(url.lastIndexOf('/') + 1);
  try {
    return root.lookupType(name);
  } catch (cause) {
    throw new FieldMisfitError(`the loaded protos have no message ${name}; pass { type_url, value }`, {
      cause,
    });
  }
}

/** The message, for bytes that consist of its length and the message. */
export function withoutLength(bytes: Uint8Array): Uint8Array {
  const reader = protobuf.Reader.create(bytes);
  reader.size();
  return bytes.subarray(reader.pos);
}
