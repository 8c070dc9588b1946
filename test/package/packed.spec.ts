import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { credentials, loadPackageDefinition, type Client } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from './markdown.js';
import { npm, pack, PACKAGES, readManifest, ROOT } from './published.js';

const run = promisify(execFile);

/** Installing takes as long as the registry takes. */
const INSTALL_TIMEOUT_MS = 180_000;

/** What a project that checks the declarations of its dependencies (`skipLibCheck: false`) is told, and we cannot mend. */
const KNOWN_ERRORS = [
  // Nest's own, which want @types/express.
  'node_modules/@nestjs/platform-express/',
];

const project = mkdtempSync(join(tmpdir(), 'kun-packed-'));
const blocks = blocksOf('README.md', readFileSync(join(ROOT, 'README.md'), 'utf8'));
const own = blocks.filter(({ path }) => path !== undefined);
let running: ChildProcess | undefined;

describe('the service of the README, with the packed packages and nothing else', () => {
  beforeAll(async () => {
    const packed = await Promise.all(PACKAGES.map((name) => pack(name, project)));
    const manifests = PACKAGES.map(readManifest);
    write('package.json', {
      name: 'greeter',
      private: true,
      type: 'module',
      dependencies: {
        ...Object.fromEntries(manifests.map(({ name }, index) => [name, `file:${packed[index]?.tarball}`])),
        ...requiredPeers(),
      },
    });
    write('tsconfig.json', {
      compilerOptions: {
        target: 'ES2023',
        module: 'nodenext',
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        types: ['node'],
        rootDir: 'src',
        outDir: 'dist',
      },
      include: ['src'],
    });
    for (const { path = '', text } of own) write(path, text);
    const rest = blocks.filter(({ language, path }) => language === 'ts' && path === undefined);
    for (const [index, { text }] of rest.entries()) write(`src/snippet-${index}.ts`, text);
    await npm(project, 'install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
  }, INSTALL_TIMEOUT_MS);

  afterAll(() => {
    running?.kill('SIGKILL');
    rmSync(project, { recursive: true, force: true });
  });

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
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const output = await run(process.execPath, [compiler, '-p', project, '--pretty', 'false']).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    const errors = output.split('\n').filter((line) => line.includes(': error TS'));
    expect(errors.filter((error) => !KNOWN_ERRORS.some((known) => error.includes(known)))).toEqual([]);
  });

  it('answers a call, and stops with exit code 0 when told', async () => {
    const [grpcPort, adminPort] = await freePorts();
    write('conf/greeter/default/packed/public.yaml', {
      AdminPort: adminPort,
      GRPCServer: { Port: grpcPort },
    });
    const env = { ...process.env, KUN_INSTANCE: 'packed' };
    running = spawn(process.execPath, ['dist/main.js'], {
      cwd: project,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(running, 'exit');
    await serving(running);

    const client = greeter(`127.0.0.1:${grpcPort}`);
    await expect(greet(client, 'Ada')).resolves.toEqual({ text: 'hello Ada, this is packed' });
    await expect(greet(client, '')).rejects.toThrow('3 INVALID_ARGUMENT: name must not be empty');
    client.close();
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);

    running.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

/** What a service declares itself, at the versions that the example is tested with. */
function requiredPeers(): Record<string, string> {
  const example = JSON.parse(readFileSync(join(ROOT, 'apps/echo/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return Object.fromEntries(
    Object.entries(example.dependencies).filter(([name]) => !name.startsWith('@kun/') && name !== 'zod'),
  );
}

function write(path: string, content: string | object): void {
  const file = join(project, path);
  mkdirSync(dirname(file), { recursive: true });
  // YAML includes JSON.
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** Two ports that were free a moment ago: the process opens its ports itself. */
async function freePorts(): Promise<number[]> {
  const servers = [createServer(), createServer()];
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function serving(child: ChildProcess): Promise<void> {
  if (!child.stdout) throw new Error('the output is not read');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.includes('"msg":"serving"')) return;
  }
  throw new Error(`it ended before it served:\n${lines.join('\n')}`);
}

function greeter(address: string): Client {
  const { acme } = loadPackageDefinition(loadSync(join(project, 'greeter.proto'))) as unknown as {
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
