/** The structure of a message, as far as it is needed for logging it. */
export interface MessageShape {
  readonly fields: readonly FieldShape[];
}

/** One field of a message. */
export interface FieldShape {
  readonly name: string;
  /** Marked `debug_redact` in the proto: its value must not be logged. */
  readonly redacted: boolean;
  readonly isBytes: boolean;
  readonly isMap: boolean;
  /** Set if the members of a oneof are not fields of their own: the name of the field that holds `{ case, value }`. */
  readonly oneof?: string;
  /** The shape of its message, or of its elements or values. */
  readonly message: MessageShape | undefined;
}

/** The two messages of a method. */
export interface MethodShapes {
  readonly request: MessageShape;
  readonly response: MessageShape;
}

/** A method and its messages. */
export interface TypedMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly messages: { shapes(): MethodShapes };
}

/** The shapes of the messages of all methods of the services, by method path. Field names are as in messages. */
export function readMethodShapes(
  services: Iterable<Readonly<Record<string, TypedMethod>>>,
): Map<string, MethodShapes> {
  const methods = new Map<string, MethodShapes>();
  for (const service of services) {
    for (const { path, messages } of Object.values(service)) methods.set(path, messages.shapes());
  }
  return methods;
}

/** A field whose message's shape is not known yet. */
export interface FieldOf<Type> extends Omit<FieldShape, 'message'> {
  /** The type whose shape it has; `undefined` if its values are not messages. */
  readonly type: Type | undefined;
}

/** Reads the shapes of types, each once, because a message may contain itself. */
export function shapeReader<Type>(
  fieldsOf: (type: Type) => ReadonlyArray<FieldOf<Type>>,
): (type: Type) => MessageShape {
  const shapes = new Map<Type, Growing>();
  return function shapeOf(type): MessageShape {
    const known = shapes.get(type);
    if (known) return known;
    // Registered before its fields.
    const shape: Growing = { fields: [] };
    shapes.set(type, shape);
    for (const { type: inner, ...field } of fieldsOf(type)) {
      shape.fields.push({ ...field, message: inner === undefined ? undefined : shapeOf(inner) });
    }
    return shape;
  };
}

interface Growing extends MessageShape {
  fields: FieldShape[];
}
