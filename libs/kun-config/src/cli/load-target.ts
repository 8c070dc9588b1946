import { loadConfig } from '../load/load-config.js';
import type { CommandOptions } from './command-options.js';
import type { Target } from './find-targets.js';
import type { Terminal } from './terminal.js';

/**
 * Loads what a service, or one of its clusters or instances, would start with.
 *
 * @throws {ConfigError} with every problem of it
 */
export function loadTarget(
  { service, cluster, instance }: Pick<Target, 'service'> & Pick<CommandOptions, 'cluster' | 'instance'>,
  { base, schemas, strict }: CommandOptions,
  { env }: Terminal,
): ReturnType<typeof loadConfig> {
  const external = strict ? 'required' : 'tolerated';
  return loadConfig({ base, service, cluster, instance, schemas, env, external });
}
