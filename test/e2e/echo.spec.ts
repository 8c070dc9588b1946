import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCall } from './call.js';
import { ConfigTree, freePorts } from './config-tree.js';
import { NODE, REPOSITORY, RunningProcess } from './running-process.js';
import { SpawnedService } from './spawned-service.js';

const ECHO = join(REPOSITORY, 'apps/echo/dist/main.js');

describe('hops', () => {
  let service: SpawnedService;
  beforeAll(async () => {
    service = await SpawnedService.start();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it.each(['Echo', 'Watch', 'Collect', 'Chat'])(
    'of %s go through the service so many times, 16 at most',
    async (method) => {
      const client = service.grpcClient();
      const ask = (hops: number) => startCall(client, method, { requests: [{ hops, count: 1 }] }).outcome;
      const { code, messages } = await ask(16);
      expect(code).toBe(status.OK);
      expect(messages[0]?.['path']).toHaveLength(17);
      for (const hops of [17, 2 ** 32 - 1]) {
        expect(await ask(hops)).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'hops: at most 16' });
      }
    },
  );
});

describe('echo with little', () => {
  it('starts with an empty configuration', async () => {
    await using tree = await ConfigTree.of({ 'echo/public.yaml': '' });
    const [grpc, admin] = await freePorts(2);
    const ports = { KUN_CONF__ADMINPORT: String(admin), KUN_CONF__GRPCSERVER__PORT: String(grpc) };
    await using echo = new RunningProcess(NODE, [ECHO], { env: { KUN_BASE: tree.base, ...ports } });
    expect(await echo.line(({ msg }) => msg === 'serving')).toBeDefined();
  });

  it('takes the keys that the environment sets', async () => {
    await using service = await SpawnedService.start({ env: { KUN_CONF__ECHO__GREETING: '0123 ' } });
    const { messages } = await startCall(service.grpcClient(), 'Echo', { requests: [{ message: 'a' }] })
      .outcome;
    expect(messages[0]).toMatchObject({ message: '0123 a' });
  });

  it('refuses a misspelt key of the environment with the name that was meant', async () => {
    await using tree = await ConfigTree.of({ 'echo/public.yaml': '' });
    await using echo = new RunningProcess(NODE, [ECHO], {
      env: { KUN_BASE: tree.base, KUN_CONF__ECHO__GRETING: 'x' },
    });
    expect((await echo.end).code).toBe(1);
    expect(echo.stderr).toContain('environment variable KUN_CONF__ECHO__GRETING');
    expect(echo.stderr).toContain('did you mean KUN_CONF__ECHO__GREETING?');
  });

  it('finds its protos in KUN_BASE, if they exist there', async () => {
    await using tree = await ConfigTree.of({ 'echo/public.yaml': '' });
    const proto = await readFile(join(REPOSITORY, 'apps/echo/proto/echo.proto'), 'utf8');
    const moved = proto.replace(
      'service EchoService {',
      'service EchoService {\n  rpc Moved(EchoRequest) returns (EchoResponse);',
    );
    await tree.write('../proto/echo.proto', moved);
    await using echo = new RunningProcess(NODE, [ECHO], { env: { KUN_BASE: tree.base } });
    expect((await echo.end).code).toBe(1);
    expect(echo.stderr).toContain('RPCs without a handler: /kun.echo.v1.EchoService/Moved');
  });

  it('says where it looked for its configuration, from whatever directory it is started', async () => {
    await using tree = await ConfigTree.of({});
    await using echo = new RunningProcess(NODE, [ECHO], { cwd: '/', env: { KUN_BASE: tree.base } });
    expect((await echo.end).code).toBe(1);
    expect(echo.stderr).toContain(`there is no such file below ${tree.base}`);
  });
});
