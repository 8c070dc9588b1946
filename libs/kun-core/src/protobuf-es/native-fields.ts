import type { DescField } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';

/** Whether protobuf-es represents a message field by a native value: a wrapper by its value, and a Struct by JSON. */
export function isNativeField(field: DescField): boolean {
  const { message, fieldKind, oneof, parent } = field;
  if (!message) return false;
  if (message.typeName === 'google.protobuf.Struct') return parent.typeName !== 'google.protobuf.Value';
  return fieldKind === 'message' && !oneof && isWrapperDesc(message);
}
