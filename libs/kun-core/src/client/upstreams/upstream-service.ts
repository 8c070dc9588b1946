import { loadProtos } from '../../proto/load-protos.js';
import { ProtoError, type ProtoSource } from '../../proto/files/proto-source.js';
import type { GeneratedProto } from '../../proto/generated-proto.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import type { ResolvedUpstream } from '../../settings/upstream.js';
import { UpstreamError, type AnyUpstreamOptions } from './upstream-options.js';

/**
 * The service that an upstream's registration names, with its full name.
 *
 * @throws {ProtoError} when a proto is unusable or lacks the service.
 * @throws {UpstreamError} when no service is named.
 */
export function upstreamService(
  options: AnyUpstreamOptions,
  bases: readonly string[],
  settings: Pick<ResolvedUpstream, 'strictMessages'>,
): [string, ServiceDefinition] {
  const { name } = options;
  try {
    const { services } = loadProtos([sourceOf(options)], bases, settings);
    if (services.size > 1) {
      const names = [...services.keys()].join(', ');
      throw new UpstreamError(`upstream "${name}" must have exactly one service, but its proto has ${names}`);
    }
    const [[fullName, definition] = []] = services;
    if (fullName !== undefined && definition) return [fullName, definition];
  } catch (cause) {
    if (cause instanceof ProtoError) throw new ProtoError(`upstream "${name}": ${cause.message}`, { cause });
    throw cause;
  }
  throw new UpstreamError(`upstream "${name}" names no service`);
}

/** The service's full name, as far as the registration alone tells. */
export function declaredService(options: AnyUpstreamOptions): string {
  if ('proto' in options) return options.proto.serviceNames[0] ?? '';
  const { package: inPackage, service } = options;
  return inPackage === undefined ? service : `${inPackage}.${service}`;
}

function sourceOf(options: AnyUpstreamOptions): ProtoSource | GeneratedProto {
  if ('proto' in options) return options.proto;
  const { package: inPackage, path, includeDirs, service, fieldNames, longs, enums } = options;
  return {
    path,
    ...(fieldNames && { fieldNames }),
    ...(longs && { longs }),
    ...(enums && { enums }),
    services: [service],
    ...(inPackage === undefined ? {} : { package: inPackage }),
    ...(includeDirs && { includeDirs }),
  };
}

/** The names of a service's methods, as the proto has them. */
export function methodNames(service: ServiceDefinition): string[] {
  return Object.values(service).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
}
