import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NODE, REPOSITORY } from './running-process.js';
import { SpawnedService } from './spawned-service.js';

const LISTER = join(REPOSITORY, 'test/fixtures/list-modules.mjs');

it.each([
  ['kun', []],
  ['grpc-js', ['channel-options', 'connection-setup', 'grpc-js-call', 'grpc-js-engine', 'stream-endings']],
])(
  'a service on the engine %s loads what that needs of the other one, and no more',
  async (Engine, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'kun-modules-'));
    const list = join(folder, 'list');
    await using service = await SpawnedService.start({
      config: { GRPCServer: { Engine } },
      command: {
        file: NODE,
        args: ['--import', LISTER, join(REPOSITORY, 'apps/echo/dist/main.js')],
        cwd: REPOSITORY,
      },
      env: { MODULE_LIST: list },
    });
    service.process.kill('SIGTERM');
    await service.end;
    const loaded = (await readFile(list, 'utf8')).split('\n');
    await rm(folder, { recursive: true });
    const ofTheOther = loaded.flatMap((url) => /server\/port\/grpc-js\/(.+)\.js$/.exec(url)?.[1] ?? []);
    expect(ofTheOther.toSorted()).toEqual(expected);
  },
);
