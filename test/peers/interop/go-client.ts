import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../../e2e/running-process.js';
import { caseOutcomes } from './case-outcomes.js';

const run = promisify(execFile);

/** Builds `go/interop` with Debian's grpc-go, runs it against the address, and says what it said of each case. */
export async function runGoClient(address: string): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'kun-interop-go-'));
  try {
    const program = join(folder, 'interop');
    await run('go', ['build', '-o', program, join(import.meta.dirname, '../go/interop/main.go')], {
      env: {
        ...process.env,
        GOPATH: '/usr/share/gocode',
        GO111MODULE: 'off',
        CGO_ENABLED: '0',
        GOCACHE: join(REPOSITORY, '.cache/go-build'),
      },
    });
    const { stdout } = await run(program, [address]);
    return caseOutcomes(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}
