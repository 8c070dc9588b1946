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

/** Creates codecs, each once. */
export interface Compiler {
  /** Of a type as the message it is. */
  compile(type: protobuf.Type): CompiledMessage;
  /** Of the values of a field, which is a well-known type's when the field's is. */
  value(field: protobuf.Field): ValueCodec;
  /** Of a well-known type; `undefined` for any other. */
  wellKnown(type: protobuf.Type): ValueCodec | undefined;
}
