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

/** A method and the types of its messages. */
export interface TypedMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly messages: { readonly request: protobuf.Type; readonly response: protobuf.Type };
}

/**
 * The shapes of the messages of all methods of the services, by the methods' paths. Field names are as the proto writes
 * them.
 */
export function readMethodShapes(
  services: Iterable<Readonly<Record<string, TypedMethod>>>,
): Map<string, MethodShapes> {
  const shapes = new Map<protobuf.Type, Growing>();
  const methods = new Map<string, MethodShapes>();
  for (const service of services) {
    for (const { path, messages } of Object.values(service)) {
      methods.set(path, {
        request: shapeOf(messages.request, shapes),
        response: shapeOf(messages.response, shapes),
      });
    }
  }
  return methods;
}

interface Growing extends MessageShape {
  fields: FieldShape[];
}

function shapeOf(type: protobuf.Type, shapes: Map<protobuf.Type, Growing>): MessageShape {
  const known = shapes.get(type);
  if (known) return known;
  // Known before its fields are: a message may contain itself.
  const shape: Growing = { fields: [] };
  shapes.set(type, shape);
  for (const field of type.fieldsArray) {
    shape.fields.push({
      name: field.name,
      redacted: field.options?.['debug_redact'] === true,
      isBytes: field.type === 'bytes',
      isMap: field.map,
      message: field.resolvedType instanceof protobuf.Type ? shapeOf(field.resolvedType, shapes) : undefined,
    });
  }
  return shape;
}
