import type protobuf from 'protobufjs';

/**
 * A feature of editions as it holds for a part of a proto; proto2 and proto3 are editions of their own. protobufjs has
 * resolved them with its types and does not name them in its declarations.
 */
export function featureOf(part: protobuf.ReflectionObject, name: string): unknown {
  const resolved = Reflect.get(part, '_features') as Readonly<Record<string, unknown>> | undefined;
  return resolved?.[name];
}
