import {
  create,
  createFileRegistry,
  fromBinary,
  type DescMessage,
  type DescService,
} from '@bufbuild/protobuf';
import * as wkt from '@bufbuild/protobuf/wkt';
import { DescriptorIndex } from '../src/proto/descriptor/descriptor-index.js';
import { fileRegistry } from '../src/proto/descriptor/file-registry.js';
import { parseProtos } from '../src/proto/files/parse-protos.js';
import { readProtoFiles } from '../src/proto/files/proto-files.js';

/** Where `ledger.proto` and the files that it imports are. */
export const LEDGER_PROTOS = new URL('../../../test/fixtures/protobuf-es/proto/', import.meta.url).pathname;

const schema = parseProtos(readProtoFiles([`${LEDGER_PROTOS}ledger.proto`], []));
const file = new DescriptorIndex([schema]).fileNamed('ledger.proto');
if (!file) throw new Error('there is no ledger.proto');
const registry = fileRegistry(file, { create, createFileRegistry, fromBinary, wkt });

/** A message of the protos, as generated code has it without its types. */
export function messageNamed(name: string): DescMessage {
  const found = registry.getMessage(`kun.test.${name}`);
  if (!found) throw new Error(`there is no message ${name}`);
  return found;
}

/** `LedgerService`, likewise. */
export function ledgerService(): DescService {
  const found = registry.getService('kun.test.ledger.v1.LedgerService');
  if (!found) throw new Error('there is no LedgerService');
  return found;
}
