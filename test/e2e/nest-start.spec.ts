import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCall } from './call.js';
import { ConfigTree } from './config-tree.js';
import { REPOSITORY, RunningProcess } from './running-process.js';
import { SpawnedService } from './spawned-service.js';

// A copy, because a build empties `dist`, from which other specs run echo; at a path with spaces, as somebody has it.
let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'kun nest start '));
  for (const name of ['package.json', 'nest-cli.json', 'tsconfig.json', '.npmrc', 'apps/echo']) {
    await cp(join(REPOSITORY, name), join(copy, name), {
      recursive: true,
      filter: (source) => !/\/(dist|node_modules)$/.test(source),
    });
  }
  await symlink(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rm(copy, { recursive: true, force: true }));

describe('npm start', () => {
  it('builds and serves echo, forwards SIGTERM, lets the call in flight end and has the exit code', async () => {
    await using service = await SpawnedService.start({
      command: { file: 'npm', args: ['start'], cwd: copy },
    });
    await stopDuringCall(service, () => service.process.kill('SIGTERM'));
    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(service.report).toMatchObject({ reason: 'SIGTERM', clean: true, drained: 1 });
  });

  it('has the exit code of a service that cannot start', async () => {
    await using tree = await ConfigTree.of({});
    await using nest = new RunningProcess('npm', ['start'], { cwd: copy, env: { KUN_BASE: tree.base } });
    expect(await nest.end).toEqual({ code: 1, signal: null });
    expect(nest.stderr).toContain('conf/echo/public.yaml');
  });
});

describe('npx nest start', () => {
  it('builds and serves echo, which drains at Ctrl-C', async () => {
    const command = { file: 'npx', args: ['nest', 'start'], cwd: copy };
    await using service = await SpawnedService.start({ command });
    // A terminal tells everything in the foreground.
    await stopDuringCall(service, () => service.process.killGroup('SIGINT'));
    await service.process.line(({ msg }) => msg === 'stopped');
    expect(service.report).toMatchObject({ reason: 'SIGINT', clean: true, drained: 1 });
    await service.end;
  });
});

async function stopDuringCall(service: SpawnedService, stop: () => void): Promise<void> {
  const client = service.grpcClient();
  const slow = startCall(client, 'Chat', {
    requests: [{ message: 'a' }, { message: 'b', delay_ms: 500 }],
  });
  await slow.received(1);
  stop();
  expect(await slow.outcome).toMatchObject({
    code: status.OK,
    messages: [{ message: 'a' }, { message: 'b' }],
  });
}
