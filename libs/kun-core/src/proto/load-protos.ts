import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import protobuf from 'protobufjs';
import { nearest } from '@kun/config';
import { everythingIn, nameOf } from './files/link-types.js';
import { parseProtos, type ProtoSchema } from './files/parse-protos.js';
import { readProtoFiles } from './files/proto-files.js';
import { formsOf, pathsOf, ProtoError, type ProtoSource } from './files/proto-source.js';
import type { DescribedSchema } from './files/described-schema.js';
import { isGenerated, loadGenerated, type GeneratedProto } from './generated-proto.js';
import { serviceDefinitions, type ServiceDefinition } from './service-definition.js';

/** The requested services, by full name (`acme.cache.v1.CacheService`), and the schemas that define them. */
export interface LoadedProtos {
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  /** One for each source, for reflection. */
  readonly schemas: readonly DescribedSchema[];
}

/** The configuration's settings for all messages. */
export interface LoadOptions {
  /** Whether a message that does not fit its proto is an error when it is sent. Default: true. */
  readonly strictMessages?: boolean;
}

/**
 * Reads the protos.
 *
 * @param baseDirectories the directories that relative paths refer to; the first that has the file wins
 * @throws {ProtoError} when a file is missing or cannot be parsed (with the line), when it defines nothing in the
 * package, when a requested service is missing, or when its messages cannot have the requested form.
 */
export function loadProtos(
  sources: ReadonlyArray<ProtoSource | GeneratedProto>,
  baseDirectories: string | readonly string[],
  options: LoadOptions = {},
): LoadedProtos {
  const services = new Map<string, ServiceDefinition>();
  const { strictMessages = true } = options;
  const fromCode = new Set(sources.flatMap((source) => (isGenerated(source) ? source.serviceNames : [])));
  const schemas = sources.map((source) => {
    if (isGenerated(source)) {
      const generated = loadGenerated(source, { strictMessages });
      for (const [name, service] of generated.services) {
        if (services.has(name)) throw servedTwice(name);
        services.set(name, service);
      }
      return generated.schema;
    }
    const schema = readSource(source, [baseDirectories].flat());
    const define = serviceDefinitions(formsOf(source, strictMessages));
    for (const service of servicesServed(source, schema)) {
      const name = nameOf(service);
      if (fromCode.has(name)) throw servedTwice(name);
      services.set(name, define(service));
    }
    return schema;
  });
  return { services, schemas };
}

function servedTwice(name: string): ProtoError {
  return new ProtoError(`${name} is served from two entries of "proto"; remove it from one of them`);
}

function readSource(source: ProtoSource, bases: readonly string[]): ProtoSchema {
  const includeDirs = bases.flatMap((base) => (source.includeDirs ?? []).map((name) => resolve(base, name)));
  const paths = pathsOf(source).map((path) => {
    const candidates = [...new Set([...bases, ...includeDirs].map((directory) => resolve(directory, path)))];
    const found = candidates.find((candidate) => existsSync(candidate));
    if (found !== undefined) return found;
    const whose = source.package ? ` of package ${source.package}` : '';
    // It should be in the application's own directory, but may be in one of the others.
    const own = resolve(bases.at(-1) ?? '', path);
    const others = candidates.filter((candidate) => candidate !== own);
    const also = others.length === 0 ? '' : `; it is not at ${others.join(', ')}, either`;
    throw new ProtoError(`${own}: no such proto file; check "path"${whose}${also}`);
  });
  return parseProtos(readProtoFiles(paths, includeDirs));
}

function servicesServed(source: ProtoSource, schema: ProtoSchema): protobuf.Service[] {
  const all = [...everythingIn(schema.root)].filter((object) => object instanceof protobuf.Service);
  if (source.services) return source.services.map((name) => serviceNamed(name, source, all));
  const own = new Set(schema.files.filter(({ asked }) => asked));
  // What a file imports publicly counts as its own for files that import it.
  for (const file of own) {
    for (const { file: imported, kind } of file.imports) if (kind === 'public') own.add(imported);
  }
  const inPackage = all.filter((service) => isIn(source.package, service));
  const served = inPackage.filter((service) => {
    const file = schema.fileOf(service);
    return file !== undefined && own.has(file);
  });
  if (served.length === 0) throw new ProtoError(noServiceMessage(source, all, inPackage));
  return served;
}

function isIn(name: string | undefined, service: protobuf.Service): boolean {
  return name === undefined || (service.parent !== null && nameOf(service.parent) === name);
}

function serviceNamed(
  asked: string,
  source: ProtoSource,
  all: readonly protobuf.Service[],
): protobuf.Service {
  const whole = all.find((service) => nameOf(service) === asked);
  if (whole) return whole;
  const inPackage = all.filter((service) => isIn(source.package, service));
  const found = inPackage.filter(({ name }) => name === asked);
  if (found.length > 1) {
    const which = found.map(nameOf).join(' and ');
    throw new ProtoError(`${pathsOf(source).join(', ')}: ${asked} is ${which}; name it with its package`);
  }
  if (found[0]) return found[0];
  if (inPackage.length === 0) throw new ProtoError(noServiceMessage(source, all, []));
  const wanted = asked.includes('.') || !source.package ? asked : `${source.package}.${asked}`;
  const near =
    nearest(wanted, inPackage.map(nameOf)) ??
    nearest(
      asked,
      inPackage.map(({ name }) => name),
    );
  const remedy = near === undefined ? `it has ${listOf(all)}` : `did you mean ${near}?`;
  throw new ProtoError(`${pathsOf(source).join(', ')} has no service ${wanted}; ${remedy}`);
}

function noServiceMessage(
  source: ProtoSource,
  all: readonly protobuf.Service[],
  inPackage: readonly protobuf.Service[],
): string {
  const files = pathsOf(source).join(', ');
  const what = source.package === undefined ? 'no service' : `no service in package "${source.package}"`;
  if (inPackage.length > 0) {
    return `${files}: ${what}; imported files have ${listOf(inPackage)}: name their files in "path", or the services in "services"`;
  }
  const hint = all.length > 0 ? `the file has ${listOf(all)}` : 'the file has no service at all';
  return `${files}: ${what}; ${hint}`;
}

function listOf(services: readonly protobuf.Service[]): string {
  return services.map(nameOf).join(', ');
}
