import type { FieldShape, MessageShape } from '../proto/message-shape.js';
import { redaction, type Redaction } from './redaction.js';

export interface BoundedJsonOptions {
  /** The maximum number of characters to write. */
  readonly maxLength: number;
  /** The message's shape; without it all properties of the object are written, and none is known to be redacted. */
  readonly shape?: MessageShape | undefined;
  /** Fields to mask in addition to those marked in the shape. Default: none */
  readonly redaction?: Redaction;
}

/** A prefix of a message's JSON. */
export interface BoundedJson {
  /** At most `maxLength` characters; complete JSON unless truncated. */
  readonly text: string;
  readonly cut: boolean;
}

/** Replaces a masked value. */
export const REDACTED = '[redacted]';

/** gRPC's own implementations refuse messages nested deeper than this. */
const MAX_DEPTH = 100;

/**
 * Writes a message as JSON and stops after `maxLength` characters, so that a 50 MB message costs no more than a small
 * one. Only fields of the proto are written (a handler may return objects with more), empty ones are omitted, bytes are
 * written as their length, and masked fields as {@link REDACTED}.
 */
export function boundedJson(message: unknown, options: BoundedJsonOptions): BoundedJson {
  const writer = new Writer(options.maxLength);
  writer.value(message, options.shape, options.redaction ?? NOTHING, 0);
  return { text: writer.text.slice(0, options.maxLength), cut: writer.text.length > options.maxLength };
}

const NOTHING = redaction([]);

class Writer {
  text = '';

  constructor(private readonly maxLength: number) {}

  value(value: unknown, shape: MessageShape | undefined, masks: Redaction, depth: number): void {
    if (typeof value === 'string') this.string(value);
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null)
      this.text += JSON.stringify(value);
    else if (typeof value === 'bigint') this.string(value.toString());
    else if (value instanceof Uint8Array) this.bytes(value.byteLength);
    else if (value instanceof Date)
      this.string(Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString());
    else if (value instanceof Map) this.object(value, shape, masks, depth);
    else if (typeof value !== 'object') this.text += 'null';
    else if (depth >= MAX_DEPTH) this.string('…');
    else if (Array.isArray(value)) this.list(value, shape, masks, depth);
    else if (shape) this.message(value, shape, masks, depth);
    else this.object(value, undefined, masks, depth);
  }

  /** Whether the limit is exceeded; further writes have no effect. */
  private get full(): boolean {
    return this.text.length > this.maxLength;
  }

  private string(value: string): void {
    // One more than is kept, so that truncating a string here is noticed.
    const rest = this.maxLength - this.text.length + 1;
    this.text += JSON.stringify(value.length > rest ? value.slice(0, rest) : value);
  }

  private bytes(length: number): void {
    this.text += `"<${length} bytes>"`;
  }

  private list(
    values: readonly unknown[],
    shape: MessageShape | undefined,
    masks: Redaction,
    depth: number,
  ): void {
    this.text += '[';
    for (let index = 0; index < values.length && !this.full; index++) {
      if (index > 0) this.text += ',';
      this.value(values[index], shape, masks, depth + 1);
    }
    this.text += ']';
  }

  private message(message: object, shape: MessageShape, masks: Redaction, depth: number): void {
    this.text += '{';
    let separator = '';
    for (const field of shape.fields) {
      if (this.full) break;
      const value = valueOf(message, field);
      if (isEmpty(value)) continue;
      this.text += `${separator}"${field.name}":`;
      separator = ',';
      if (field.redacted || masks.masks(field.name)) this.string(REDACTED);
      else this.field(value, field, masks.within(field.name), depth + 1);
    }
    this.text += '}';
  }

  private field(value: unknown, field: FieldShape, masks: Redaction, depth: number): void {
    if (field.isBytes && typeof value === 'string') this.bytes(Buffer.byteLength(value, 'base64'));
    else if (field.isMap && typeof value === 'object' && value !== null)
      this.object(value, field.message, masks, depth);
    else this.value(value, field.message, masks, depth);
  }

  /** A map, or a message of unknown shape. */
  private object(given: object, shape: MessageShape | undefined, masks: Redaction, depth: number): void {
    const value = given instanceof Map ? (Object.fromEntries(given) as object) : given;
    this.text += '{';
    let separator = '';
    for (const key in value) {
      if (this.full) break;
      if (!Object.hasOwn(value, key)) continue;
      this.text += separator;
      separator = ',';
      this.string(key);
      this.text += ':';
      if (!shape && masks.masks(key)) this.string(REDACTED);
      else this.value(Reflect.get(value, key), shape, shape ? masks : masks.within(key), depth + 1);
    }
    this.text += '}';
  }
}

/** A member of a oneof is written as a field, even where messages represent it separately. */
function valueOf(message: object, { name, oneof }: FieldShape): unknown {
  if (oneof === undefined) return Reflect.get(message, name);
  const { case: set, value } = Object(Reflect.get(message, oneof)) as { case?: unknown; value?: unknown };
  return set === name ? value : undefined;
}

/** Protobuf's own JSON mapping omits default values as well. */
function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    value === 0 ||
    value === 0n ||
    value === false ||
    (Array.isArray(value) && value.length === 0) ||
    (value instanceof Uint8Array && value.byteLength === 0)
  );
}
