import type { FileRegistry } from '@bufbuild/protobuf';
import type { DescribedFile } from './descriptor-index.js';

/** What a registry needs of protobuf-es; passed in, since protobuf-es is only loaded where it is needed. */
export interface RegistryParts extends Pick<
  typeof import('@bufbuild/protobuf'),
  'create' | 'createFileRegistry' | 'fromBinary'
> {
  readonly wkt: Pick<
    typeof import('@bufbuild/protobuf/wkt'),
    'FileDescriptorProtoSchema' | 'FileDescriptorSetSchema'
  >;
}

/** The definitions of a file and of everything it imports, as a protobuf-es registry. */
export function fileRegistry(file: DescribedFile, parts: RegistryParts): FileRegistry {
  const { create, createFileRegistry, fromBinary, wkt } = parts;
  const files = [...inOrder(file, new Set())].map(({ bytes }) =>
    fromBinary(wkt.FileDescriptorProtoSchema, bytes),
  );
  return createFileRegistry(create(wkt.FileDescriptorSetSchema, { file: files }));
}

/** Imports come before the file that imports them. */
function inOrder(file: DescribedFile, seen: Set<DescribedFile>): Set<DescribedFile> {
  for (const dependency of file.dependencies) if (!seen.has(dependency)) inOrder(dependency, seen);
  return seen.add(file);
}
