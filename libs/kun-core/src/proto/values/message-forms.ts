/** How the messages of a proto look in JavaScript; generated types have options that match each (docs/protos.md). */
export interface ProtoForms {
  /** Field names as the proto writes them, or in lower camel case. Default: `proto` */
  readonly fieldNames: 'proto' | 'camel';
  /**
   * What 64-bit integers are when they arrive; as numbers, those that are not exact are refused. Default: `string`
   */
  readonly longs: 'string' | 'number' | 'bigint';
  /** What enum values are when they arrive; one without a name is its number in either form. Default: `name` */
  readonly enums: 'name' | 'number';
}

/** The forms, and what is checked of messages that are sent. */
export interface MessageForms extends ProtoForms {
  /** Whether what has no place in a message, or no meaning for its field, is an error when the message is sent. */
  readonly strict: boolean;
}

/** Field names as the proto writes them, 64-bit integers as text, enum values by name. */
export const DEFAULT_FORMS: MessageForms = Object.freeze({
  fieldNames: 'proto',
  longs: 'string',
  enums: 'name',
  strict: true,
});
