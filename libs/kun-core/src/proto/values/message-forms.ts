/** How messages look in JavaScript. */
export interface MessageForms {
  /** Field names as the proto writes them, or in lower camel case. */
  readonly fieldNames: 'proto' | 'camel';
  /** What 64-bit integers are when they arrive; as numbers, those that are not exact are refused. */
  readonly longs: 'string' | 'number' | 'bigint';
  /** What enum values are when they arrive; one without a name is its number in either form. */
  readonly enums: 'name' | 'number';
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
