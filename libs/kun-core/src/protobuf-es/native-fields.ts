import type { DescField } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';

/**
 * Whether protobuf-es has the value of a field of messages as the language's own: that of a wrapper alone, and of a Struct
 * its JSON.
 */
export function isNativeField(field: DescField): boolean {
  const { message, fieldKind, oneof, parent } = field;
  if (!message) return false;
  if (message.typeName === 'google.protobuf.Struct') return parent.typeName !== 'google.protobuf.Value';
  return fieldKind === 'message' && !oneof && isWrapperDesc(message);
}
