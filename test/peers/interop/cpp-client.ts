import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../../e2e/running-process.js';
import { caseOutcomes } from './case-outcomes.js';

const run = promisify(execFile);
const SOURCE = join(import.meta.dirname, '../cpp/interop.cc');

/** Builds `cpp/interop.cc` with Debian's gRPC unless it is there, runs it against the address, and says what it said of each case. */
export async function runCppClient(address: string): Promise<Record<string, string>> {
  const { stdout: version } = await run('pkg-config', ['--modversion', 'grpc++']);
  const { stdout: libraries } = await run('pkg-config', ['--libs', 'grpc++']);
  const key = createHash('sha256')
    .update(version)
    .update(await readFile(SOURCE));
  const folder = join(REPOSITORY, '.cache/interop-cpp');
  const program = join(folder, key.digest('hex').slice(0, 16));
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    // Another run may build it at the same time.
    const built = `${program}.${process.pid}`;
    await run('g++', ['-std=c++17', '-o', built, SOURCE, ...libraries.trim().split(/\s+/)]);
    await rename(built, program);
  }
  const { stdout } = await run(program, [address]);
  return caseOutcomes(stdout);
}
