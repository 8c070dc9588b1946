import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { currentCall, Readiness, routes, type CallOptions, type Routes } from '@kun/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { call } from '../e2e/call.js';
import { startLinked, type KindsClient, type LinkedService } from '../e2e/clients/linked-service.js';
import { METHODS, type KindsHandlers } from '../e2e/kinds-controller.js';
import { REPOSITORY } from '../e2e/running-process.js';
import { KINDS } from '../fixtures/kinds.module.js';
import { loadEnvoyApi, unknownParts } from './canary/envoy-schema.js';
import { configurationOf, startProxy, type Proxy } from './canary/proxies.js';
import { requireDebianPackages } from './debian-packages.js';

beforeAll(() => requireDebianPackages('haproxy', 'nginx'), 300_000);

/** Says who it is, and keeps what its caller sent. */
function version(name: string) {
  const seen: Array<Record<string, unknown>> = [];
  const answer = () => {
    seen.push(currentCall()!.metadata.getMap());
    return { text: name };
  };
  const handlers: KindsHandlers = {
    unary: answer,
    async *watch() {
      yield answer();
      yield { text: name };
    },
    async collect(requests) {
      for await (const _ of requests) void 0;
      return answer();
    },
    async *chat(requests) {
      for await (const _ of requests) yield answer();
    },
  };
  return { seen, handlers };
}

/** Sets the routes that the request names, in a scope or as an option of the call, and calls on. */
function settingRoutes(next: () => KindsClient): KindsHandlers {
  const ask = (text: string, make: (options: CallOptions) => unknown) => {
    const { way, set } = JSON.parse(text) as { way: 'scope' | 'option'; set: Routes };
    return way === 'option' ? make({ routes: set }) : routes.with(set, () => make({}));
  };
  return {
    unary: (request) => ask(request.text, (options) => next().unary(request, options)),
    watch: (request) => ask(request.text, (options) => next().watch(request, options)),
    collect: (requests) =>
      withFirst(requests, (text, all) => ask(text, (options) => next().collect(all, options))),
    async *chat(requests) {
      const answers = await withFirst(requests, (text, all) => ({
        iterable: ask(text, (options) => next().chat(all, options)) as AsyncIterable<unknown>,
      }));
      yield* answers.iterable;
    },
  };
}

async function withFirst<T, R>(
  requests: AsyncIterable<T & { text: string }>,
  body: (text: string, all: AsyncIterable<T>) => R,
): Promise<R> {
  const iterator = requests[Symbol.asyncIterator]();
  const step = await iterator.next();
  async function* all() {
    for (let next = step; !next.done; next = await iterator.next()) yield next.value;
  }
  return body(step.done ? '' : step.value.text, all());
}

/** Two services in a row, and two versions of a third behind a proxy. */
async function startVersions(name: 'haproxy' | 'nginx') {
  const stable = await startLinked({ handlers: version('stable').handlers });
  const canaryVersion = version('canary');
  const canary = await startLinked({ handlers: canaryVersion.handlers });
  const proxy: Proxy = await startProxy(name, stable, canary);
  const middle = await startLinked({ next: proxy.address, config: { Routing: { Allow: ['AccountId'] } } });
  const first: LinkedService = await startLinked({
    next: middle.grpcAddress,
    handlers: settingRoutes(() => first.next),
  });
  const client = first.grpcClient(KINDS);
  return {
    canary,
    seenByCanary: canaryVersion.seen,
    middle,
    /** Through all of it; the versions that answered. */
    async ask(method: string, way: 'scope' | 'option', set: Routes): Promise<unknown[]> {
      const text = JSON.stringify({ way, set });
      const outcome = await call(client, method, { requests: [{ text }, { text: 'more' }] });
      expect(outcome).toMatchObject({ code: status.OK });
      return [...new Set(outcome.messages.map((message) => message['text']))];
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const service of [first, middle, stable, canary]) await service.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe.each(['haproxy', 'nginx'] as const)('two versions behind %s', (name) => {
  let versions: Awaited<ReturnType<typeof startVersions>>;

  beforeAll(async () => {
    versions = await startVersions(name);
  });
  afterAll(() => versions[Symbol.asyncDispose]());

  describe.each(METHODS)('%s', (method) => {
    it.each(['scope', 'option'] as const)(
      'goes where the metadata set by %s says, two hops on',
      async (way) => {
        expect(await versions.ask(method, way, { AccountId: '42' })).toEqual(['canary']);
        expect(await versions.ask(method, way, { AccountId: '43' })).toEqual(['stable']);
        expect(await versions.ask(method, way, {})).toEqual(['stable']);
      },
    );

    it('carries nothing on that is not on the list', async () => {
      versions.seenByCanary.length = 0;
      expect(await versions.ask(method, 'scope', { AccountId: '42', TenantId: '7' })).toEqual(['canary']);
      expect(versions.seenByCanary[0]).toMatchObject({ accountid: '42' });
      expect(versions.seenByCanary[0]).not.toHaveProperty('tenantid');
      expect(versions.middle.logs.finishedCalls.at(-1)).toMatchObject({ routes: { AccountId: '42' } });
    });
  });

  it('takes many calls of both at once, each to its own', async () => {
    const accounts = Array.from({ length: 100 }, (_, n) => (n % 3 === 0 ? '42' : String(n)));
    const answers = await Promise.all(
      accounts.map((AccountId) => versions.ask('Unary', 'option', { AccountId })),
    );
    expect(answers.flat()).toEqual(accounts.map((account) => (account === '42' ? 'canary' : 'stable')));
  });
});

// Of the two only HAProxy asks its servers how they are; nginx without a licence does not.
describe('a canary that is not ready', () => {
  it('gets no calls behind haproxy: the stable version takes them', async () => {
    await using versions = await startVersions('haproxy');
    const ask = () => versions.ask('Unary', 'option', { AccountId: '42' });
    expect(await ask()).toEqual(['canary']);
    const readiness = versions.canary.app.get(Readiness);
    readiness.setDead();
    await expect.poll(ask).toEqual(['stable']);
    readiness.setAlive();
    await expect.poll(ask).toEqual(['canary']);
  });
});

describe('the guide', () => {
  const guide = () => readFile(join(REPOSITORY, 'docs/canary.md'), 'utf8');

  it.each(['haproxy', 'nginx'] as const)('shows the very file for %s that is used here', async (name) => {
    expect(await guide()).toContain(`\`\`\`text\n${await configurationOf(name)}\`\`\`\n`);
  });

  it(
    "shows an Envoy configuration of which Envoy's API knows every field",
    { timeout: 120_000 },
    async () => {
      const api = await loadEnvoyApi();
      const bootstrap = api.lookupType('envoy.config.bootstrap.v3.Bootstrap');
      const shown = /```yaml\n(static_resources:[^]*?)```/.exec(await guide())?.[1] ?? '';
      expect(unknownParts(bootstrap, parse(shown))).toEqual([]);
      // It can tell.
      const misspelt = shown
        .replace('stream_idle_timeout', 'stream_idel_timeout')
        .replace('STRICT_DNS', 'STRICT');
      expect(unknownParts(bootstrap, parse(misspelt))).toEqual([
        expect.stringContaining('.stream_idel_timeout: '),
        expect.stringContaining('.clusters[0].type: no DiscoveryType'),
      ]);
    },
  );
});
