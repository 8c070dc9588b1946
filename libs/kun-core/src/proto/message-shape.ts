import protobuf from 'protobufjs';

/** What a message looks like, as far as whoever writes it down must know. */
export interface MessageShape {
  readonly fields: readonly FieldShape[];
}

/** One field of a message. */
export interface FieldShape {
  readonly name: string;
  /** Marked `debug_redact` in the proto: its value is for nobody's log. */
  readonly redacted: boolean;
  readonly isBytes: boolean;
  readonly isMap: boolean;
  /** The shape of its message, or of its elements' and values'. */
  readonly message: MessageShape | undefined;
}

/** The two messages of a method. */
export interface MethodShapes {
  readonly request: MessageShape;
  readonly response: MessageShape;
}

/** The types of a method's messages, and how they look in JavaScript. */
export interface MethodMessages {
  readonly request: protobuf.Type;
  readonly response: protobuf.Type;
  /** A field's name. */
  nameOf(field: protobuf.Field): string;
  /** Whether values of the type are no messages, as the Date of a Timestamp is not; they have no shape. */
  isNative(type: protobuf.Type): boolean;
}

/** A method and its messages. */
export interface TypedMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly messages: MethodMessages;
}

/**
 * The shapes of the messages of all methods of the services, by the methods' paths. Field names are as messages have
 * them.
 */
export function readMethodShapes(
  services: Iterable<Readonly<Record<string, TypedMethod>>>,
): Map<string, MethodShapes> {
  const methods = new Map<string, MethodShapes>();
  for (const service of services) {
    const shapes = new Map<protobuf.Type, Growing>();
    for (const { path, messages } of Object.values(service)) {
      methods.set(path, {
        request: shapeOf(messages.request, messages, shapes),
        response: shapeOf(messages.response, messages, shapes),
      });
    }
  }
  return methods;
}

interface Growing extends MessageShape {
  fields: FieldShape[];
}

function shapeOf(
  type: protobuf.Type,
  messages: MethodMessages,
  shapes: Map<protobuf.Type, Growing>,
): MessageShape {
  const known = shapes.get(type);
  if (known) return known;
  // Known before its fields are: a message may contain itself.
  const shape: Growing = { fields: [] };
  shapes.set(type, shape);
  for (const field of type.fieldsArray) {
    shape.fields.push({
      name: messages.nameOf(field),
      redacted: field.options?.['debug_redact'] === true,
      isBytes: field.type === 'bytes',
      isMap: field.map,
      message: hasShape(field.resolvedType, messages)
        ? shapeOf(field.resolvedType, messages, shapes)
        : undefined,
    });
  }
  return shape;
}

function hasShape(type: protobuf.ReflectionObject | null, messages: MethodMessages): type is protobuf.Type {
  return type instanceof protobuf.Type && !messages.isNative(type);
}
