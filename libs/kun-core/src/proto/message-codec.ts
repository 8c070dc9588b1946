import type protobuf from 'protobufjs';

/** How messages look in JavaScript. */
export interface MessageForms {
  /** Field names as the proto writes them, or in lower camel case. */
  readonly fieldNames: 'proto' | 'camel';
  /** What 64-bit integers are. */
  readonly longs: 'string' | 'number' | 'bigint';
  /** What enum values are. */
  readonly enums: 'name' | 'number';
  /** Whether what has no place in the message is an error. */
  readonly strict: boolean;
}

/** Field names as the proto writes them, 64-bit integers as text, enum values by name. */
export const DEFAULT_FORMS: MessageForms = Object.freeze({
  fieldNames: 'proto',
  longs: 'string',
  enums: 'name',
  strict: true,
});

/** Messages of one type to bytes and back. */
export interface MessageCodec {
  /** @throws Error when the message does not fit its type. */
  encode(message: unknown): Buffer;
  /** @throws Error when the bytes are no such message. */
  decode(bytes: Uint8Array): object;
}

/** The codec of a type: compiled once for a type and forms. Absent fields without presence have their defaults. */
export function messageCodec(type: protobuf.Type, forms: MessageForms): MessageCodec {
  const options: protobuf.IConversionOptions = {
    longs: { string: String, number: Number, bigint: BigInt }[forms.longs],
    enums: forms.enums === 'name' ? String : Number,
    defaults: true,
    oneofs: true,
  };
  return {
    encode(message) {
      if (typeof message !== 'object' || message === null || Array.isArray(message)) {
        throw new TypeError(`${type.fullName.slice(1)} is an object, not ${describe(message)}`);
      }
      // A Buffer in Node, where protobufjs writes into one.
      return type.encode(type.fromObject(message)).finish() as Buffer;
    },
    decode: (bytes) => type.toObject(type.decode(bytes), options),
  };
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
