import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

export const ROOT = resolve(import.meta.dirname, '../..');

/** The libraries that are published; beside them is the command create-kun. */
export const PACKAGES = ['kun-config', 'kun-core', 'kun-wire'] as const;

const ranges = z.record(z.string(), z.string()).default({});

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  keywords: z.array(z.string()),
  homepage: z.string(),
  bugs: z.object({ url: z.string() }),
  repository: z.object({ type: z.string(), url: z.string(), directory: z.string() }),
  files: z.array(z.string()),
  bin: z.record(z.string(), z.string()).default({}),
  exports: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])),
  dependencies: ranges,
  peerDependencies: ranges,
});

/** What a package says of itself. */
export type Manifest = z.output<typeof manifestSchema>;

/** The package.json of a published package. */
export function readManifest(name: (typeof PACKAGES)[number]): Manifest {
  return manifestSchema.parse(readJson(`libs/${name}/package.json`));
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

const packedSchema = z.tuple([
  z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }),
]);

/** Packs a package as `npm publish` would, into a directory, and tells what is inside. */
export async function pack(
  name: (typeof PACKAGES)[number] | 'create-kun',
  destination: string,
): Promise<{ tarball: string; files: string[] }> {
  const stdout = await npm(join(ROOT, 'libs', name), 'pack', '--json', '--pack-destination', destination);
  const [{ filename, files }] = packedSchema.parse(JSON.parse(stdout));
  return { tarball: join(destination, filename), files: files.map(({ path }) => path) };
}

/** Runs npm in a directory and returns what it printed. */
export async function npm(cwd: string, ...args: string[]): Promise<string> {
  const env = { ...process.env };
  // Set by the npm that runs the tests: it would make this repository the place to work in.
  delete env['npm_config_local_prefix'];
  delete env['npm_package_json'];
  const { stdout } = await run('npm', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
