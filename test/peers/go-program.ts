import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../e2e/running-process.js';

const run = promisify(execFile);

/** A program of `go/`, built with Debian's packages only; `await using` removes it. */
export class GoProgram {
  private constructor(
    readonly path: string,
    private readonly folder: string,
  ) {}

  static async build(name: string): Promise<GoProgram> {
    const folder = await mkdtemp(join(tmpdir(), `kun-go-${name}-`));
    const path = join(folder, name);
    await run('go', ['build', '-o', path, join(import.meta.dirname, 'go', name, 'main.go')], {
      env: {
        ...process.env,
        GOPATH: '/usr/share/gocode',
        GO111MODULE: 'off',
        CGO_ENABLED: '0',
        GOCACHE: join(REPOSITORY, '.cache/go-build'),
      },
    });
    return new GoProgram(path, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
