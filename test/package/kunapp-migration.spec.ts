import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, status, type Metadata, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { settingsSchema, StatusCode } from '@kun/core';
import { deferred, startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { compile, projectOf, readDocuments, writeProjects } from './documents.js';
import { ROOT } from './published.js';

const PAGE = 'docs/migrating-from-kunapp.md';
const text = readFileSync(join(ROOT, PAGE), 'utf8');
const own = readDocuments().filter(({ file }) => file === PAGE);
const sample = readFileSync(join(ROOT, 'test/fixtures/kunapp.yaml'), 'utf8');

describe('the configuration of the page', () => {
  it("is kunapp's own sample, with its one slip mended", () => {
    const shown = own.find(({ path }) => path === 'conf/public.yaml')?.text ?? '';
    expect(parse(shown)).toEqual(parse(sample.replace(/\btru$/m, 'true')));
  });

  it('is explained key by key: every key of the sample stands in the table', () => {
    const sections = z.record(z.string(), z.record(z.string(), z.unknown())).parse(parse(sample));
    const [, table = ''] = /## Configuration, key by key\n([\s\S]*?)\n## /.exec(text) ?? [];
    const keys = Object.values(sections).flatMap((section) => Object.keys(section));
    const named = [...table.matchAll(/`[^`]*?(\w+)`/g)].map(([, key]) => key);
    expect(keys.filter((key) => !named.includes(key))).toEqual([]);
  });

  it('names only keys that there are', () => {
    const [, table = ''] = /## Configuration, key by key\n([\s\S]*?)\n## /.exec(text) ?? [];
    const dotted = [...table.matchAll(/`((?:GRPC\w+|Logger|Tracing|Zipkin)(?:\.\w+)+)`/g)].map(
      ([, key]) => key!,
    );
    const known = JSON.stringify(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }));
    expect(dotted.length).toBeGreaterThan(8);
    expect(dotted.filter((key) => !known.includes(`"${key.split('.').at(-1)}"`))).toEqual([]);
  });
});

describe('the service of the page', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kun-from-kunapp-'));
  const project = projectOf(directory, PAGE);
  const store = new Store();
  let service: TestService;
  let cache: CacheClient;

  beforeAll(async () => {
    const problems = compile([...writeProjects(own, directory).keys()]);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const port = await store.listen(join(project, 'proto/store.proto'));
    const { AppModule } = (await import(join(project, 'src/app.module.js'))) as {
      AppModule: new () => object;
    };
    service = await startTestService(AppModule, {
      env: { KUN_BASE: project, KUN_INSTANCE: 'cache-0' },
      // The store in the place of the sidecar, which sits at another port on every machine, and no Jaeger.
      overrides: { GRPCDial: { WithProxyPort: port }, Zipkin: { Hosts: [] } },
    });
    cache = service.client<CacheClient>('acme.cache.v1.CacheService');
  });

  afterAll(async () => {
    store.close();
    rmSync(directory, { recursive: true, force: true });
    await service.close();
  });

  it('is not ready before the full sync, and ready after it', async () => {
    const before = await fetch(`${service.adminUrl}/readyz`);
    expect([before.status, await before.text()]).toEqual([503, expect.stringContaining('full-sync')]);
    expect((await fetch(`${service.adminUrl}/livez`)).status).toBe(200);
    store.synced.resolve();
    await expect.poll(async () => (await fetch(`${service.adminUrl}/readyz`)).status).toBe(200);
  });

  it('reads through to the store: the route, the request id and the authority arrive there', async () => {
    await expect(cache.readCache({ account_id: '42', key: 'a' })).resolves.toEqual({
      value: 'value of a',
      instance: 'cache-0',
    });
    const [{ metadata, host } = { metadata: undefined, host: '' }] = store.gets;
    expect(metadata?.get('accountid')).toEqual(['42']);
    const [requestId] = metadata?.get('x-request-id') ?? [];
    expect(service.logs.finishedCalls.at(-1)).toMatchObject({
      request_id: requestId,
      tags: { account: '42' },
    });
    expect(host).toBe('store:50051');
  });

  it('answers with the codes of google.rpc, and hides what the store says of its insides', async () => {
    await expect(cache.readCache({ account_id: '42', key: '' })).rejects.toMatchObject({
      code: StatusCode.INVALID_ARGUMENT,
      message: expect.stringContaining('unexpected key'),
    });
    store.failures.push(status.NOT_FOUND);
    await expect(cache.readCache({ account_id: '42', key: 'b' })).rejects.toMatchObject({
      code: StatusCode.INTERNAL,
      message: expect.not.stringContaining('of the store'),
    });
  });

  it("tries again as RetryOptions() did, with kunapp's codes", async () => {
    const before = store.gets.length;
    store.failures.push(status.RESOURCE_EXHAUSTED, status.UNKNOWN);
    await expect(cache.readCache({ account_id: '42', key: 'c' })).resolves.toMatchObject({
      value: 'value of c',
    });
    expect(store.gets.length - before).toBe(3);
  });

  it('lets a watch leave by itself when the service stops, and stops cleanly', async () => {
    const events = cache.watch({ key: 'k' })[Symbol.asyncIterator]();
    await expect(events.next()).resolves.toMatchObject({ value: { value: 'from the sync' } });
    const report = service.close();
    await expect(events.next()).resolves.toMatchObject({ done: true });
    await expect(report).resolves.toMatchObject({ clean: true });
  });
});

interface CacheClient {
  readCache(request: { account_id: string; key: string }): Promise<{ value: string; instance: string }>;
  watch(request: { key: string }): AsyncIterable<{ value: string }>;
}

/** The store behind the cache, on bare grpc-js. */
class Store {
  /** Settled by the test: until then the list is held back. */
  readonly synced = deferred();
  readonly gets: Array<{ readonly metadata: Metadata; readonly host: string }> = [];
  /** How the next calls end. */
  readonly failures: status[] = [];
  private readonly server = new Server();

  listen(proto: string): Promise<number> {
    const definition = loadSync(proto)['acme.store.v1.StoreService'] as ServiceDefinition;
    this.server.addService(definition, {
      get: (
        call: { metadata: Metadata; request: { key: string }; getHost(): string },
        callback: (error: object | null, value?: object) => void,
      ) => {
        this.gets.push({ metadata: call.metadata, host: call.getHost() });
        const code = this.failures.shift();
        if (code === undefined) callback(null, { value: `value of ${call.request.key}` });
        else callback({ code, details: 'the insides of the store' });
      },
      list: (call: { write(entry: object): void; end(): void }) => {
        void this.synced.promise.then(() => {
          call.write({ key: 'k', value: 'from the sync' });
          call.end();
        });
      },
    });
    return new Promise((resolve, reject) => {
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  close(): void {
    this.server.forceShutdown();
  }
}
