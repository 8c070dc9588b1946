import type { DescMessage, DescMethod, DescService, FileRegistry } from '@bufbuild/protobuf';
import type { DescribedSchema } from '../../proto/files/described-schema.js';
import { DescriptorIndex, type DescribedFile } from '../../proto/descriptor/descriptor-index.js';
import { fileRegistry } from '../../proto/descriptor/file-registry.js';
import { badRequest } from '../access/http-error.js';

type Library = typeof import('@bufbuild/protobuf');

/** A method and its messages' forms: JSON of protobuf, and bytes. */
export interface JsonMethod {
  readonly descriptor: DescMethod;
  /** @throws {HttpError} saying which part of the JSON does not fit the message. */
  encode(json: unknown): Buffer;
  /** @throws {Error} when the bytes are not such a message. */
  decode(bytes: Uint8Array): unknown;
}

/**
 * The served protos as `@bufbuild/protobuf` knows them, which writes and reads protobuf's own JSON as every other tool
 * does. Loaded and made when first asked for.
 */
export class ProtoJson {
  private loading: Promise<Library> | undefined;
  private index: DescriptorIndex | undefined;
  private readonly registries = new Map<string, Promise<FileRegistry>>();

  constructor(private readonly schemas: readonly DescribedSchema[]) {}

  /** `undefined` where no proto has the service. */
  async service(name: string): Promise<DescService | undefined> {
    return (await this.registryOf(name))?.getService(name);
  }

  /** The method at `/package.Service/Method`; `undefined` where no proto has it. */
  async method(path: string): Promise<JsonMethod | undefined> {
    const [, serviceName = '', name = ''] = path.split('/');
    const registry = await this.registryOf(serviceName);
    const descriptor = registry?.getService(serviceName)?.methods.find((each) => each.name === name);
    if (!registry || !descriptor) return undefined;
    const { fromJson, toBinary, fromBinary, toJson } = await this.library();
    const { input, output } = descriptor;
    return {
      descriptor,
      encode(json) {
        try {
          return Buffer.from(toBinary(input, fromJson(input, json as never, { registry })));
        } catch (cause) {
          throw badRequest(`the message is no ${input.typeName}: ${messageOf(cause)}`);
        }
      },
      decode: (bytes) =>
        toJson(output, fromBinary(output, bytes), { registry, alwaysEmitImplicit: true }) as unknown,
    };
  }

  private registryOf(service: string): Promise<FileRegistry> | undefined {
    this.index ??= new DescriptorIndex(this.schemas);
    const file = this.index.fileContaining(service);
    if (!file) return undefined;
    let registry = this.registries.get(file.name);
    if (!registry) this.registries.set(file.name, (registry = this.makeRegistry(file)));
    return registry;
  }

  private async makeRegistry(file: DescribedFile): Promise<FileRegistry> {
    const library = await this.library();
    return fileRegistry(file, { ...library, wkt: await import('@bufbuild/protobuf/wkt') });
  }

  private library(): Promise<Library> {
    return (this.loading ??= import('@bufbuild/protobuf'));
  }
}

/** The messages of a method's request, and all that they are made of. */
export function messagesWithin(message: DescMessage, found = new Set<DescMessage>()): Set<DescMessage> {
  if (found.has(message)) return found;
  found.add(message);
  for (const field of message.fields) if (field.message) messagesWithin(field.message, found);
  return found;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
