import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { greet } from './greeter-client.js';
import { blocksOf } from './markdown.js';
import { freePorts, INSTALL_TIMEOUT_MS, PackedProject } from './packed-project.js';
import { readJson, ROOT } from './published.js';

/** What a project that checks the declarations of its dependencies (`skipLibCheck: false`) is told, and we cannot mend. */
const KNOWN_ERRORS = [
  // Nest's own, which want @types/express.
  'node_modules/@nestjs/platform-express/',
];

const project = new PackedProject();
const blocks = blocksOf('README.md', readFileSync(join(ROOT, 'README.md'), 'utf8'));
const own = blocks.filter(({ path }) => path !== undefined);

describe('the service of the README, with the packed packages and nothing else', () => {
  beforeAll(async () => {
    for (const { path = '', text } of own) project.write(path, text);
    const rest = blocks.filter(({ language, path }) => language === 'ts' && path === undefined);
    for (const [index, { text }] of rest.entries()) project.write(`src/snippet-${index}.ts`, text);
    await project.install(requiredPeers());
  }, INSTALL_TIMEOUT_MS);

  afterAll(() => project.remove());

  it('has all that it needs in the README', () => {
    expect(own.map(({ path }) => path)).toEqual([
      'greeter.proto',
      'src/greeter.controller.ts',
      'src/app.module.ts',
      'src/main.ts',
      'conf/greeter/public.yaml',
    ]);
  });

  it('compiles, and so do the declarations of the packages', async () => {
    const errors = await project.compile();
    expect(errors.filter((error) => !KNOWN_ERRORS.some((known) => error.includes(known)))).toEqual([]);
  });

  it('answers a call, and stops with exit code 0 when told', async () => {
    const [grpcPort, adminPort] = await freePorts(2);
    project.write('conf/greeter/default/packed/public.yaml', {
      AdminPort: adminPort,
      GRPCServer: { Port: grpcPort },
    });
    await project.start({ KUN_INSTANCE: 'packed' });

    expect((await greet(project.directory, grpcPort, 'Ada')).messages).toEqual([
      { text: 'hello Ada, this is packed' },
    ]);
    expect(await greet(project.directory, grpcPort, '')).toMatchObject({
      code: 3,
      details: 'name must not be empty',
    });
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);

    expect(await project.stop()).toEqual([0, null]);
  });
});

/** What a service declares itself, at the versions that the example is tested with. */
function requiredPeers(): Record<string, string> {
  const example = readJson('apps/echo/package.json') as { dependencies: Record<string, string> };
  return Object.fromEntries(
    Object.entries(example.dependencies).filter(([name]) => !name.startsWith('@kun/') && name !== 'zod'),
  );
}
