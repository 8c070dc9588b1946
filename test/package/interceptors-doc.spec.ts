import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compile, projectOf, readDocuments, writeProjects } from './documents.js';
import { blocksOf } from './markdown.js';
import { ROOT } from './published.js';

/** The application of docs/interceptors.md, with the proto of the README that it is built upon. */
describe('docs/interceptors.md', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kun-interceptors-'));
  const project = projectOf(directory, 'docs/interceptors.md');
  const slow = vi.spyOn(console, 'warn').mockReturnValue();
  let service: TestService;
  let client: Client;

  beforeAll(async () => {
    const own = readDocuments().filter(({ file }) => file === 'docs/interceptors.md');
    const problems = compile([...writeProjects(own, directory).keys()]);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const proto = blocksOf('README.md', readFileSync(join(ROOT, 'README.md'), 'utf8')).find(
      ({ path }) => path === 'greeter.proto',
    );
    writeFileSync(join(project, 'greeter.proto'), proto?.text ?? '');
    mkdirSync(join(project, 'conf/greeter'), { recursive: true });
    writeFileSync(join(project, 'conf/greeter/public.yaml'), 'AdminPort: 8081');
    const { AppModule } = (await import(join(project, 'src/app.module.js'))) as {
      AppModule: new () => object;
    };
    // The document's service has no `base`: it is started where it is.
    const before = process.cwd();
    process.chdir(project);
    try {
      service = await startTestService(AppModule, { env: { KUN_BASE: project } });
    } finally {
      process.chdir(before);
    }
    client = service.grpcClient('acme.greeter.v1.GreeterService');
  });

  afterAll(async () => {
    await service.close();
    slow.mockRestore();
    rmSync(directory, { recursive: true, force: true });
  });

  it('refuses a call without a key, before the handler', async () => {
    await expect(greet({})).rejects.toMatchObject({ code: 16, details: 'x-api-key is missing' });
  });

  it('gives the handler what an injected interceptor set, and the log its tag', async () => {
    await expect(greet({ 'x-api-key': 'k', 'x-tenant': 'acme' })).resolves.toEqual({
      text: 'hello Ada of acme',
    });
    await expect(greet({ 'x-api-key': 'k' })).resolves.toEqual({ text: 'hello Ada of nobody at 8081' });
    expect(service.logs.finishedCalls.map((line) => JSON.stringify(line))).toContainEqual(
      expect.stringContaining('acme'),
    );
  });

  it('counts and logs what was refused', async () => {
    expect(await service.metrics()).toMatch(/grpc_server_handled_total\{.*Unauthenticated.*\} 1/);
    expect(service.logs.finishedCalls).toContainEqual(
      expect.objectContaining({ 'grpc.code': 'Unauthenticated' }),
    );
  });

  it('is quiet about calls that are fast', () => {
    expect(slow).not.toHaveBeenCalled();
  });

  function greet(headers: Record<string, string>): Promise<unknown> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/acme.greeter.v1.GreeterService/Greet',
        (message: Uint8Array) => Buffer.from(message),
        (bytes) => ({ text: bytes.subarray(2).toString() }),
        // Field 1, a string: the proto of three lines needs no library here.
        Buffer.from('\n\x03Ada'),
        metadata,
        (error: ServiceError | null, answer) => (error ? reject(error) : resolve(answer)),
      );
    });
  }
});
