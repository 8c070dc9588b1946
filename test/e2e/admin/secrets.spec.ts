import { deferred, startTestService } from '@kun/core/testing';
import { currentCall, internal } from '@kun/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { Secret } from '@kun/config';
import { kindsModule } from '../../fixtures/kinds.module.js';
import { kindsController } from '../kinds-controller.js';
import type { KindsClient } from '../clients/linked-service.js';
import { ask, open, TOKEN } from './admin-port.js';
import { ERAS, mcpClient } from './mcp-client.js';

const PLANTED = {
  password: 'pl4nted-passw0rd',
  typed: 'pl4nted-typed-s3cret',
  url: 'pl4nted-url-p4ss',
  environment: 'pl4nted-env-t0ken',
  environmentUrl: 'pl4nted-env-url-p4ss',
  bearer: 'pl4ntedBearerT0ken.abc',
  cookie: 'pl4nted-c00kie',
  jwt: 'eyJhbGciOiJub25lIn0.pl4ntedJwtBody.sig',
} as const;

const schema = z.object({
  Database: z.object({
    Url: z.string(),
    Password: z.string(),
    Key: z.string().transform((text) => Secret.of(text)),
  }),
});

it('has none of the planted secrets in any answer', async () => {
  const [hanging, release] = [deferred(), deferred()];
  const service = await startTestService(
    kindsModule(
      {
        controllers: [
          kindsController({
            unary: async ({ text }) => {
              if (text === 'hang') {
                hanging.resolve();
                await release.promise;
                return { text };
              }
              const { password, typed, url, environment, environmentUrl, jwt } = PLANTED;
              const sent = currentCall()?.metadata.get('authorization').join() ?? '';
              const cause = new Error(`login with ${password}, ${typed}, ${url}; sent ${sent}; ${jwt}`, {
                cause: new Error(
                  `postgres://app:someones-p4ss@db/x ${environment} ${environmentUrl} cookie: sid=${PLANTED.cookie}`,
                ),
              });
              throw internal('failed', { cause });
            },
          }),
        ],
      },
      { config: { schemas: [schema] } },
    ),
    {
      env: {
        SOME_API_TOKEN: PLANTED.environment,
        DATABASE_URL: `postgres://app:${PLANTED.environmentUrl}@db/x`,
        KUN_CONF__ADMIN__TOKEN: TOKEN,
      },
      overrides: {
        Admin: { MCP: true },
        Database: {
          Url: `postgres://app:${PLANTED.url}@db/x`,
          Password: PLANTED.password,
          Key: PLANTED.typed,
        },
      },
    },
  );
  const client = service.client<KindsClient>('kun.test.v1.Kinds');
  const metadata = { authorization: `Bearer ${PLANTED.bearer}`, cookie: `sid=${PLANTED.cookie}` };
  const failed = client.unary({ text: 'fail' }, { metadata });
  await expect(failed).rejects.toThrow('failed');
  const pending = client.unary({ text: 'hang' }, { metadata, timeoutMs: 60_000 });
  await hanging.promise;

  const bodies = new Map<string, string>();
  for (const path of [
    '/statusz',
    '/callz',
    '/errorz',
    '/channelz',
    '/configz',
    '/configz?key=Database',
    '/loglevel',
    '/methods',
    '/debug/trace-next',
    `/errorz?method=${PLANTED.password}`,
    `/nowhere/${PLANTED.password}`,
    '/metrics',
    '/readyz',
    '/',
    '/page/main.js',
    '/logz?limit=1000',
    `/logz?text=${PLANTED.password}`,
  ]) {
    bodies.set(path, (await ask(service.adminUrl, path)).text);
  }
  const wrong = await ask(service.adminUrl, '/loglevel', { method: 'PUT', body: {}, token: `${TOKEN}-not` });
  bodies.set('PUT /loglevel', wrong.text);
  const call = {
    method: '/kun.test.v1.Kinds/Unary',
    messages: [{ text: 'fail' }],
    metadata: Object.entries(metadata),
  };
  bodies.set(
    'POST /call',
    (await ask(service.adminUrl, '/call', { method: 'POST', body: call, token: TOKEN })).text,
  );
  const events = await open(service.adminUrl, '/events');
  let text = '';
  for await (const chunk of events) {
    text += String(chunk);
    if (text.includes('event: errors')) break;
  }
  bodies.set('/events', text);
  for (const era of ERAS) {
    await using mcp = await mcpClient(service.adminUrl, { era, token: TOKEN });
    const { tools } = await mcp.client.listTools();
    bodies.set(`mcp ${era}`, JSON.stringify([tools, mcp.client.getInstructions()]));
    const told = { text: PLANTED.password, key: PLANTED.password, method: PLANTED.password };
    for (const { name, inputSchema } of tools) {
      const takes = Object.entries(told).filter(([argument]) => argument in (inputSchema.properties ?? {}));
      for (const args of [{}, Object.fromEntries(takes)]) {
        const answer = await mcp.call(name, { ...args, ...(name === 'profile_cpu' && { seconds: 1 }) });
        bodies.set(`mcp ${era} ${name} ${JSON.stringify(Object.keys(args))}`, JSON.stringify(answer));
      }
    }
    const { password, typed } = PLANTED;
    for (const text of ['fail', `${password} ${typed}`]) {
      const args = { method: call.method, messages: [{ text }], metadata };
      bodies.set(`mcp ${era} a call`, JSON.stringify(await mcp.call('call_method', args)));
    }
    const unknown = await mcp.call(PLANTED.password).catch((error: Error) => error.message);
    bodies.set(`mcp ${era} unknown`, JSON.stringify(unknown));
  }
  bodies.set('the log', JSON.stringify(service.logs.lines.filter(({ msg }) => msg.includes('admin'))));

  const found = [...bodies].flatMap(([path, body]) =>
    [...Object.entries(PLANTED), ['token', TOKEN], ['other', 'someones-p4ss']].flatMap(([name, secret]) =>
      body.includes(secret ?? '') ? [`${path} has ${name}`] : [],
    ),
  );
  expect(found).toEqual([]);
  // And they say what they are for all the same.
  expect(bodies.get('/errorz')).toContain('login with [secret]');
  expect(bodies.get('/configz')).toContain('postgres://');
  expect(bodies.get('/logz?limit=1000')).toContain('login with [secret]');
  expect(bodies.get('mcp auto search_log []')).toContain('login with [secret]');
  release.resolve();
  await pending;
  await service.close();
});
