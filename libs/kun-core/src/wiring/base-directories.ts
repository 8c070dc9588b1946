import type { KunModuleOptions, KunRuntime } from './options.js';

/**
 * Where the protos are looked for, in this order: below `KUN_BASE`, so that they can move with the configuration, and in
 * the application's own directory, where they are when only `conf/` is mounted elsewhere.
 */
export function protoDirectories(
  { base = process.cwd() }: Pick<KunModuleOptions, 'base'>,
  { env = process.env }: Pick<KunRuntime, 'env'>,
): readonly string[] {
  const moved = env['KUN_BASE'];
  return [...new Set(moved ? [moved, base] : [base])];
}
