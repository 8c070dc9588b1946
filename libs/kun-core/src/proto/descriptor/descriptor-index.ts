import { nameOf } from '../files/link-types.js';
import type { ProtoFile } from '../files/proto-files.js';
import type { ProtoSchema } from '../files/parse-protos.js';
import type { DescribedSchema, GeneratedSchema } from '../files/described-schema.js';
import { descriptorCodec, type DescriptorCodec, type FileDescriptor } from './descriptor-messages.js';
import { typeNames, type OptionsOf, type TypeNames } from './type-names.js';
import { describeFile } from './file-describer.js';
import { fileSymbols } from './file-symbols.js';
import { optionsEncoder } from './options-encoder.js';

/** A file as served by reflection. */
export interface DescribedFile {
  readonly name: string;
  /** Its FileDescriptorProto. */
  readonly bytes: Buffer;
  readonly dependencies: readonly DescribedFile[];
}

/**
 * The descriptors of all files of some schemas, indexed for reflection. A file that occurs in several schemas is listed
 * once; a different file with the same name gets a new name.
 *
 * @throws {SyntaxError} when a file cannot be described.
 */
export class DescriptorIndex {
  private readonly codec: DescriptorCodec = descriptorCodec();
  private readonly byName = new Map<string, DescribedFile>();
  private readonly bySymbol = new Map<string, DescribedFile>();
  /** By extended message and field number. */
  private readonly byExtension = new Map<string, Map<number, DescribedFile>>();
  private readonly messages = new Set<string>();

  constructor(schemas: readonly DescribedSchema[]) {
    for (const schema of schemas) {
      if ('descriptors' in schema) {
        this.addGenerated(schema);
        continue;
      }
      const scope = {
        schema,
        types: typeNames(schema.root),
        optionsOf: optionsEncoder(schema.root, this.codec.standard),
        described: new Map<ProtoFile, DescribedFile>(),
        begun: new Set<ProtoFile>(),
      };
      for (const file of schema.files) if (!scope.begun.has(file)) this.describe(file, scope);
    }
  }

  fileNamed(name: string): DescribedFile | undefined {
    return this.byName.get(name);
  }

  /** The file that defines a message, field, oneof, enum, enum value, service, method or extension, by full name. */
  fileContaining(symbol: string): DescribedFile | undefined {
    return this.bySymbol.get(symbol.replace(/^\./, ''));
  }

  fileExtending(message: string, fieldNumber: number): DescribedFile | undefined {
    return this.byExtension.get(message.replace(/^\./, ''))?.get(fieldNumber);
  }

  /** The numbers of a message's known extensions, ascending; `undefined` when there is no such message. */
  extensionNumbers(message: string): number[] | undefined {
    const name = message.replace(/^\./, '');
    if (!this.messages.has(name)) return undefined;
    return [...(this.byExtension.get(name)?.keys() ?? [])].toSorted((a, b) => a - b);
  }

  private describe(file: ProtoFile, scope: Scope): DescribedFile {
    const known = scope.described.get(file);
    if (known) return known;
    scope.begun.add(file);
    const dependencies = new Map<ProtoFile, DescribedFile>();
    // protoc refuses circular imports, and protobufjs accepts them: one of the imports is omitted.
    const inCircle = (other: ProtoFile) => scope.begun.has(other) && !scope.described.has(other);
    for (const { file: imported } of file.imports) {
      if (!inCircle(imported)) dependencies.set(imported, this.describe(imported, scope));
    }
    const used = new Set<ProtoFile>();
    const parts = {
      importedName: (path: string) => {
        const found = file.imports.find((candidate) => candidate.path === path);
        return found && dependencies.get(found.file)?.name;
      },
      types: noting(used, scope),
      optionsOf: scope.optionsOf,
    };
    let descriptor = describeFile(file.text, { ...parts, name: file.name });
    // What protobufjs finds without an import, tools do not: the import that is missing is added.
    for (const other of used) {
      if (inCircle(other) || isVisible(other, file)) continue;
      const added = this.describe(other, scope);
      dependencies.set(other, added);
      descriptor.dependency.push(added.name);
    }
    const name = this.freeName(descriptor);
    descriptor = { ...descriptor, name };
    const bytes = this.codec.encode(descriptor);
    const described = this.byName.get(name) ?? { name, bytes, dependencies: [...dependencies.values()] };
    scope.described.set(file, described);
    if (!this.byName.has(name)) this.enter(descriptor, described);
    return described;
  }

  /** The file's name, unless another file has it that says something else. */
  private freeName(descriptor: FileDescriptor): string {
    const inPackage = `${(descriptor.package ?? 'unnamed').replaceAll('.', '/')}/${descriptor.name}`;
    for (let n = 0; ; n++) {
      const name = n === 0 ? descriptor.name : n === 1 ? inPackage : `${n}/${inPackage}`;
      const taken = this.byName.get(name);
      if (!taken || taken.bytes.equals(this.codec.encode({ ...descriptor, name }))) return name;
    }
  }

  /** Files that come as descriptors: one that is there already by another way, the same or with more in it, stays. */
  private addGenerated(schema: GeneratedSchema): void {
    const added = new Map<string, DescribedFile>();
    for (const { name, bytes } of schema.descriptors()) {
      const descriptor = this.codec.decode(bytes);
      const known = this.byName.get(name);
      const { symbols } = fileSymbols(descriptor);
      if (known && symbols.every((symbol) => this.bySymbol.get(symbol) === known)) {
        added.set(name, known);
        continue;
      }
      const dependencies = descriptor.dependency.map((imported) => added.get(imported));
      descriptor.dependency.forEach((imported, index) => {
        descriptor.dependency[index] = dependencies[index]?.name ?? imported;
      });
      const free = this.freeName(descriptor);
      const described = {
        name: free,
        bytes: this.codec.encode({ ...descriptor, name: free }),
        dependencies: dependencies.filter((file) => file !== undefined),
      };
      added.set(name, described);
      if (!this.byName.has(free)) this.enter(descriptor, described);
    }
  }

  private enter(descriptor: FileDescriptor, file: DescribedFile): void {
    this.byName.set(file.name, file);
    const { symbols, messages, extensions } = fileSymbols(descriptor);
    for (const symbol of symbols) if (!this.bySymbol.has(symbol)) this.bySymbol.set(symbol, file);
    for (const message of messages) this.messages.add(message);
    for (const { extendee, number } of extensions) {
      const numbers = this.byExtension.get(extendee) ?? new Map<number, DescribedFile>();
      if (!numbers.has(number)) numbers.set(number, file);
      this.byExtension.set(extendee, numbers);
    }
  }
}

interface Scope {
  readonly schema: ProtoSchema;
  readonly types: TypeNames;
  readonly optionsOf: OptionsOf;
  readonly described: Map<ProtoFile, DescribedFile>;
  readonly begun: Set<ProtoFile>;
}

/** Notes the files of the types that are asked for. */
function noting(used: Set<ProtoFile>, { types, schema }: Scope): TypeNames {
  return {
    find(reference, scope) {
      const found = types.find(reference, scope);
      const object = found.name.startsWith('.') ? schema.root.lookup(found.name) : null;
      const file = object && nameOf(object) === found.name.slice(1) ? schema.fileOf(object) : undefined;
      if (file) used.add(file);
      return found;
    },
  };
}

/** Whether a file is imported, or public to a file that is. */
function isVisible(wanted: ProtoFile, from: ProtoFile): boolean {
  const seen = new Set(from.imports.map(({ file }) => file));
  for (const file of seen) {
    for (const { kind, file: imported } of file.imports) if (kind === 'public') seen.add(imported);
  }
  return seen.has(wanted);
}
