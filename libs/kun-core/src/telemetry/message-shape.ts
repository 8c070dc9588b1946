import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
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

/** A proto file, found as `@grpc/proto-loader` finds it. */
export interface ProtoFile {
  /** Absolute. */
  readonly path: string;
  /** Default: none */
  readonly includeDirs?: readonly string[];
}

/**
 * Reads the shapes of the messages of all methods, by the methods' paths (`/package.Service/Method`). Field names are as
 * the proto writes them.
 *
 * The files are read once more for it: what `@grpc/proto-loader` tells of fields leaves their options out.
 *
 * @throws Error when a file is missing or does not parse.
 */
export function readMethodShapes(files: readonly ProtoFile[]): Map<string, MethodShapes> {
  const methods = new Map<string, MethodShapes>();
  for (const file of files) {
    const root = new protobuf.Root();
    const resolveBeside = root.resolvePath.bind(root);
    root.resolvePath = (origin, target) => {
      const found = isAbsolute(target) ? target : findIn(file.includeDirs ?? [], target);
      return found ?? resolveBeside(origin, target);
    };
    root.loadSync(file.path, { keepCase: true }).resolveAll();
    const shapes = new Map<protobuf.Type, Growing>();
    for (const service of servicesIn(root)) {
      for (const method of service.methodsArray) {
        if (!method.resolvedRequestType || !method.resolvedResponseType) continue;
        methods.set(`/${service.fullName.replace(/^\./, '')}/${method.name}`, {
          request: shapeOf(method.resolvedRequestType, shapes),
          response: shapeOf(method.resolvedResponseType, shapes),
        });
      }
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

function servicesIn(namespace: protobuf.NamespaceBase): protobuf.Service[] {
  return namespace.nestedArray.flatMap((nested) => {
    if (nested instanceof protobuf.Service) return [nested];
    return nested instanceof protobuf.Namespace ? servicesIn(nested) : [];
  });
}

function findIn(folders: readonly string[], target: string): string | undefined {
  return folders.map((folder) => join(folder, target)).find(isReadable);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
