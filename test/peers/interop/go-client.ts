import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GoProgram } from '../go-program.js';
import { caseOutcomes } from './case-outcomes.js';

const run = promisify(execFile);

/** Runs the cases of `go/interop` against the address, with Debian's grpc-go, and returns what it printed for each. */
export async function runGoClient(address: string): Promise<Record<string, string>> {
  await using program = await GoProgram.build('interop');
  const { stdout } = await run(program.path, [address]);
  return caseOutcomes(stdout);
}
