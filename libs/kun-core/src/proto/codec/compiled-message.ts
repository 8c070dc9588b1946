import type protobuf from 'protobufjs';
import type { MessageReader } from './message-reader.js';
import type { MessageWriter } from './message-writer.js';
import type { ValueCodec } from '../values/value-codec.js';

/** Reads and writes the messages of one type. */
export interface CompiledMessage {
  readonly type: protobuf.Type;
  readonly writer: MessageWriter;
  readonly reader: MessageReader;
}

/** Creates codecs, each only once. */
export interface Compiler {
  /** The codec of a type, as a message. */
  compile(type: protobuf.Type): CompiledMessage;
  /** The codec of a field's values; that of a well-known type if the field has one. */
  value(field: protobuf.Field): ValueCodec;
  /** The codec of a well-known type; `undefined` for any other type. */
  wellKnown(type: protobuf.Type): ValueCodec | undefined;
}
