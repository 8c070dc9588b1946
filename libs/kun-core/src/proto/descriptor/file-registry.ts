import type { FileRegistry } from '@bufbuild/protobuf';
import type { DescribedFile } from './descriptor-index.js';

/** What of protobuf-es makes a registry: handed in, since it is loaded where somebody needs it and nowhere else. */
export interface RegistryParts extends Pick<
  typeof import('@bufbuild/protobuf'),
  'create' | 'createFileRegistry' | 'fromBinary'
> {
  readonly wkt: Pick<
    typeof import('@bufbuild/protobuf/wkt'),
    'FileDescriptorProtoSchema' | 'FileDescriptorSetSchema'
  >;
}

/** What a file defines, with all that it imports, as protobuf-es knows it. */
export function fileRegistry(file: DescribedFile, parts: RegistryParts): FileRegistry {
  const { create, createFileRegistry, fromBinary, wkt } = parts;
  const files = [...inOrder(file, new Set())].map(({ bytes }) =>
    fromBinary(wkt.FileDescriptorProtoSchema, bytes),
  );
  return createFileRegistry(create(wkt.FileDescriptorSetSchema, { file: files }));
}

/** What a file imports comes before it. */
function inOrder(file: DescribedFile, seen: Set<DescribedFile>): Set<DescribedFile> {
  for (const dependency of file.dependencies) if (!seen.has(dependency)) inOrder(dependency, seen);
  return seen.add(file);
}
