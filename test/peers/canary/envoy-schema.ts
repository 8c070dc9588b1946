import { existsSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { requireNpmPackages } from '../npm-packages.js';

const ROOTS = ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'];
const USED = [
  'envoy/config/bootstrap/v3/bootstrap.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
];

/** Envoy's own protos, as gRPC's xDS client ships them. */
export async function loadEnvoyApi(): Promise<protobuf.Root> {
  const modules = await requireNpmPackages(join(import.meta.dirname, '../envoy-protos'), 'envoy-protos');
  const folders = [
    ...ROOTS.map((name) => join(modules, '@grpc/grpc-js-xds/deps', name)),
    // Google's own protos.
    join(modules, 'protobufjs'),
  ];
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const places = [target, ...folders.map((folder) => join(folder, target))];
    return places.find((place) => existsSync(place)) ?? target;
  };
  return root.load(USED, { keepCase: true });
}

/** What of a configuration the message type does not have, each by its path; `Any` by the type that it names. */
export function unknownParts(type: protobuf.Type, value: unknown, path = ''): string[] {
  if (type.fullName === '.google.protobuf.Duration')
    return typeof value === 'string' ? [] : [`${path}: a time`];
  if (type.fullName.startsWith('.google.protobuf.') && /(?:Value|Struct)$/.test(type.name)) return [];
  if (typeof value !== 'object' || value === null) return [`${path}: expected ${type.fullName}`];
  const { '@type': named, ...fields } = value as Record<string, unknown>;
  if (typeof named === 'string') {
    return unknownParts(type.root.lookupType(named.replace('type.googleapis.com/', '')), fields, path);
  }
  return Object.entries(fields).flatMap(([name, each]) => {
    const at = `${path}.${name}`;
    const field = type.fields[name]?.resolve();
    if (!field) return [`${at}: ${type.fullName} has no such field`];
    if (field.map) {
      return Object.entries(each as object).flatMap(([key, entry]) =>
        valueProblems(field, entry, `${at}.${key}`),
      );
    }
    if (!field.repeated) return valueProblems(field, each, at);
    if (!Array.isArray(each)) return [`${at}: expected a list`];
    return each.flatMap((entry, index) => valueProblems(field, entry, `${at}[${index}]`));
  });
}

function valueProblems({ resolvedType, type }: protobuf.Field, value: unknown, path: string): string[] {
  if (resolvedType instanceof protobuf.Type) return unknownParts(resolvedType, value, path);
  if (resolvedType) return String(value) in resolvedType.values ? [] : [`${path}: no ${resolvedType.name}`];
  const wanted = type === 'string' || type === 'bytes' ? 'string' : type === 'bool' ? 'boolean' : 'number';
  return typeof value === wanted ? [] : [`${path}: expected ${type}`];
}
