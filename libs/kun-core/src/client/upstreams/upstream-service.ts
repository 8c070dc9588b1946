import { loadProtos } from '../../proto/load-protos.js';
import { ProtoError } from '../../proto/files/proto-source.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import type { ResolvedUpstream } from '../../settings/upstream.js';
import { UpstreamError, type UpstreamOptions } from './upstream-options.js';

/**
 * The service that an upstream's registration names, with its full name.
 *
 * @throws {ProtoError} when a proto cannot be used or has no such service; {UpstreamError} when none is named.
 */
export function upstreamService(
  options: UpstreamOptions,
  bases: readonly string[],
  settings: Pick<ResolvedUpstream, 'strictMessages'>,
): [string, ServiceDefinition] {
  const { name, package: inPackage, path, includeDirs, service } = options;
  const { fieldNames, longs, enums } = options;
  const source = {
    path,
    ...(fieldNames && { fieldNames }),
    ...(longs && { longs }),
    ...(enums && { enums }),
    services: [service],
    ...(inPackage === undefined ? {} : { package: inPackage }),
    ...(includeDirs && { includeDirs }),
  };
  try {
    const [[fullName, definition] = []] = loadProtos([source], bases, settings).services;
    if (fullName !== undefined && definition) return [fullName, definition];
  } catch (cause) {
    if (cause instanceof ProtoError) throw new ProtoError(`upstream "${name}": ${cause.message}`, { cause });
    throw cause;
  }
  throw new UpstreamError(`upstream "${name}" names no service`);
}

/** The names of a service's methods, as the proto has them. */
export function methodNames(service: ServiceDefinition): string[] {
  return Object.values(service).map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
}
