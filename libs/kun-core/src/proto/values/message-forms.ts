/** The form of a proto's messages in JavaScript; generated types have an option for each of these (docs/protos.md). */
export interface ProtoForms {
  /** Field names as in the proto, or in lower camel case. Default: `proto` */
  readonly fieldNames: 'proto' | 'camel';
  /** The type of decoded 64-bit integers; as numbers, inexact ones are refused. Default: `string` */
  readonly longs: 'string' | 'number' | 'bigint';
  /** The form of decoded enum values; one without a name is a number in either form. Default: `name` */
  readonly enums: 'name' | 'number';
}

/** The forms, and whether messages are checked when they are sent. */
export interface MessageForms extends ProtoForms {
  /** Whether an unknown field, or a value that does not fit its field, is an error when the message is sent. */
  readonly strict: boolean;
}

/** Field names as in the proto, 64-bit integers as text, enum values by name. */
export const DEFAULT_FORMS: MessageForms = Object.freeze({
  fieldNames: 'proto',
  longs: 'string',
  enums: 'name',
  strict: true,
});
