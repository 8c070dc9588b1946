import type { DescEnum, DescField, DescMessage, DescService } from '@bufbuild/protobuf';
import protobuf from 'protobufjs';
import type { ProtoSchema } from '../../proto/files/parse-protos.js';
import type { DescribedSchema } from '../../proto/files/described-schema.js';
import { describeMethod } from '../../rpc/rpc-method.js';
import type { FieldEntry, MethodEntry, MethodsAnswer, TypeEntry } from '../answers/calling.js';
import { bufCurl } from './buf-curl.js';
import { exampleMessage } from './example-message.js';
import { messagesWithin, type ProtoJson } from './proto-json.js';

/** The sources of the methods. */
export interface MethodsAnswerParts {
  /** Full names of the services served. */
  readonly services: readonly string[];
  readonly schemas: readonly DescribedSchema[];
  readonly protos: ProtoJson;
  readonly tls: boolean;
  readonly reflection: boolean;
}

/** The answer of `/methods`. */
export async function methodsAnswer(parts: MethodsAnswerParts): Promise<MethodsAnswer> {
  const types = new Map<string, TypeEntry>();
  const comments = new Comments(parts.schemas);
  const found = await Promise.all(parts.services.map((name) => parts.protos.service(name)));
  const services = found
    .filter((service) => service !== undefined)
    .map((service) => {
      for (const { input, output } of service.methods) {
        for (const message of [...messagesWithin(input), ...messagesWithin(output)]) {
          addTypes(message, types, comments);
        }
      }
      return {
        name: service.typeName,
        ...comments.of(service.typeName),
        methods: service.methods.map((method) => methodShape(service, method, parts, comments)),
      };
    });
  return { services, types: Object.fromEntries(types), reflection: parts.reflection };
}

function methodShape(
  service: DescService,
  method: DescService['methods'][number],
  { tls, reflection }: MethodsAnswerParts,
  comments: Comments,
): MethodEntry {
  const path = `/${service.typeName}/${method.name}`;
  const { methodKind: streams } = method;
  const requestStream = streams === 'client_streaming' || streams === 'bidi_streaming';
  const responseStream = streams === 'server_streaming' || streams === 'bidi_streaming';
  const example = exampleMessage(method.input);
  return {
    method: path,
    name: method.name,
    kind: describeMethod(path, { requestStream, responseStream }).kind,
    ...comments.of(`${service.typeName}.${method.name}`),
    ...(method.deprecated && { deprecated: true }),
    request: method.input.typeName,
    response: method.output.typeName,
    example,
    bufCurl: bufCurl({ method: path, messages: [example], metadata: [], tls, reflection }),
  };
}

function addTypes(message: DescMessage, types: Map<string, TypeEntry>, comments: Comments): void {
  const { typeName } = message;
  if (types.has(typeName)) return;
  types.set(typeName, {
    name: typeName,
    ...comments.of(typeName),
    fields: message.fields.map((field) => fieldShape(field, comments)),
  });
  for (const { enum: values } of message.fields) {
    if (values) types.set(values.typeName, enumShape(values, comments));
  }
}

function enumShape({ typeName, values }: DescEnum, comments: Comments): TypeEntry {
  return {
    name: typeName,
    ...comments.of(typeName),
    values: values.map(({ name, number }) => ({ name, number, ...comments.ofValue(typeName, name) })),
  };
}

function fieldShape(field: DescField, comments: Comments): FieldEntry {
  const type = field.message?.typeName ?? field.enum?.typeName ?? scalarName(field);
  const { fieldKind } = field;
  return {
    name: field.jsonName,
    type,
    ...(fieldKind === 'list' && { label: 'repeated' }),
    ...(fieldKind === 'map' && { label: 'map', key: SCALARS[field.mapKey] ?? 'string' }),
    ...(field.oneof && { oneof: field.oneof.name }),
    ...comments.of(`${field.parent.typeName}.${field.name}`),
  };
}

function scalarName({ scalar }: DescField): string {
  return (scalar && SCALARS[scalar]) ?? 'unknown';
}

/** By the numbers that descriptors have for them. */
const SCALARS: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'float',
  3: 'int64',
  4: 'uint64',
  5: 'int32',
  6: 'fixed64',
  7: 'fixed32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'uint32',
  15: 'sfixed32',
  16: 'sfixed64',
  17: 'sint32',
  18: 'sint64',
};

/** The comments of the proto files, which descriptors do not contain. */
class Comments {
  private readonly schemas: readonly ProtoSchema[];

  constructor(schemas: readonly DescribedSchema[]) {
    this.schemas = schemas.filter((schema) => 'root' in schema);
  }

  of(name: string): { readonly comment?: string } {
    for (const { root } of this.schemas) {
      const parts = name.split('.');
      const found = root.lookup(parts) ?? memberOf(root, parts);
      if (found?.comment) return { comment: found.comment };
    }
    return {};
  }

  ofValue(name: string, value: string): { readonly comment?: string } {
    for (const { root } of this.schemas) {
      const found = root.lookup(name);
      const comment = found instanceof protobuf.Enum ? found.comments[value] : undefined;
      if (comment) return { comment };
    }
    return {};
  }
}

/** Fields and methods are found in their message or service. */
function memberOf(root: protobuf.Root, parts: readonly string[]): protobuf.ReflectionObject | undefined {
  const owner = root.lookup(parts.slice(0, -1));
  const name = parts.at(-1) ?? '';
  if (owner instanceof protobuf.Type) return owner.fields[name];
  return owner instanceof protobuf.Service ? owner.methods[name] : undefined;
}
