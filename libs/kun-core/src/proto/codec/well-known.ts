import type protobuf from 'protobufjs';
import { anyValue } from './any-value.js';
import type { Compiler } from './compiled-message.js';
import { describe, type Refuse } from '../values/message-misfit.js';
import { listValue, structValue, value } from '../values/struct-value.js';
import { duration, timestamp } from './times.js';
import type { ValueCodec } from '../values/value-codec.js';

/**
 * The codec of a field of one of Google's well-known types, whose values are native ones; `undefined` for any other
 * type.
 */
export function wellKnown(type: protobuf.Type, compiler: Compiler, refuse: Refuse): ValueCodec | undefined {
  return WELL_KNOWN[type.fullName]?.(type, compiler, refuse);
}

/** Whether fields of the type have native values instead of messages. */
export function isWellKnown(type: protobuf.Type): boolean {
  return type.fullName in WELL_KNOWN;
}

type MakeCodec = (type: protobuf.Type, compiler: Compiler, refuse: Refuse) => ValueCodec;

const WELL_KNOWN: Readonly<Record<string, MakeCodec | undefined>> = {
  '.google.protobuf.Timestamp': (type, compiler, refuse) => timestamp(compiler.compile(type), refuse),
  '.google.protobuf.Duration': (type, compiler, refuse) => duration(compiler.compile(type), refuse),
  '.google.protobuf.Struct': (_type, _compiler, refuse) => structValue(refuse),
  '.google.protobuf.ListValue': (_type, _compiler, refuse) => listValue(refuse),
  '.google.protobuf.Value': (_type, _compiler, refuse) => value(refuse),
  '.google.protobuf.FieldMask': fieldMask,
  '.google.protobuf.Any': (type, compiler) => anyValue(compiler.compile(type), compiler),
  ...Object.fromEntries(
    ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map((name) => [
      `.google.protobuf.${name}Value`,
      wrapper,
    ]),
  ),
};

/** A wrapper is its value: `5` for an Int32Value. `{ value: 5 }` is also accepted. */
function wrapper(type: protobuf.Type, compiler: Compiler): ValueCodec {
  const { writer, reader } = compiler.compile(type);
  const inner = compiler.value(type.fieldsArray[0] as protobuf.Field);
  return {
    wireType: 2,
    packable: false,
    zero: undefined,
    write(output, given, depth) {
      output.fork();
      writer.write(output, writer.fits(given) ? given : { value: given }, depth + 1);
      output.ldelim();
    },
    read(input, depth, previous) {
      const before = previous === undefined ? undefined : { value: previous };
      return (reader.readDelimited(input, depth + 1, before) as { value: unknown }).value;
    },
    empty: () => inner.empty(),
  };
}

/** A field mask is the list of its paths; `{ paths }` and a single text of paths, as in JSON, are also accepted. */
function fieldMask(type: protobuf.Type, compiler: Compiler, refuse: Refuse): ValueCodec {
  const { writer, reader } = compiler.compile(type);
  const toMessage = (given: unknown): unknown => {
    if (writer.fits(given)) return given;
    if (Array.isArray(given)) return { paths: given };
    if (typeof given === 'string') return { paths: given === '' ? [] : given.split(',') };
    return refuse(`expected the paths of a field mask, found ${describe(given)}`, () => ({}));
  };
  return {
    wireType: 2,
    packable: false,
    zero: undefined,
    write(output, given, depth) {
      output.fork();
      writer.write(output, toMessage(given), depth + 1);
      output.ldelim();
    },
    read(input, depth, previous) {
      const before = previous === undefined ? undefined : { paths: previous };
      return (reader.readDelimited(input, depth + 1, before) as { paths: unknown }).paths;
    },
    empty: () => [],
  };
}
