import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NODE, REPOSITORY } from '../running-process.js';

const run = promisify(execFile);

export const folderOf = (example: string) => join(REPOSITORY, 'examples', example);

/** Builds an example as its README says, and returns one of its built modules. */
export async function buildExample(example: string): Promise<(module: string) => Promise<Exports>> {
  await run(NODE, [join(REPOSITORY, 'node_modules/typescript/bin/tsc')], { cwd: folderOf(example) });
  return (module) => import(join(folderOf(example), 'dist', module)) as Promise<Exports>;
}

type Exports = Readonly<Record<string, new () => object>>;

/** A class that a built module exports. */
export function rootOf(exports: Exports, name: string): new () => object {
  const root = exports[name];
  if (!root) throw new Error(`there is no ${name}`);
  return root;
}
