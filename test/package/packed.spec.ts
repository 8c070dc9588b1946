import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, type Client } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

    const client = greeter(`127.0.0.1:${grpcPort}`);
    await expect(greet(client, 'Ada')).resolves.toEqual({ text: 'hello Ada, this is packed' });
    await expect(greet(client, '')).rejects.toThrow('3 INVALID_ARGUMENT: name must not be empty');
    client.close();
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

function greeter(address: string): Client {
  const { acme } = loadPackageDefinition(loadSync(join(project.directory, 'greeter.proto'))) as unknown as {
    acme: { greeter: { v1: { GreeterService: new (...args: unknown[]) => Client } } };
  };
  return new acme.greeter.v1.GreeterService(address, credentials.createInsecure());
}

function greet(client: Client, name: string): Promise<unknown> {
  const method: unknown = Reflect.get(client, 'greet');
  return new Promise((resolve, reject) => {
    (method as typeof promisifiedGreet).call(client, { name }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

declare function promisifiedGreet(
  request: { name: string },
  callback: (error: Error | null, answer: unknown) => void,
): void;
