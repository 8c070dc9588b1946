import { deferred } from '@kun/core/testing';
import { currentCall, internal } from '@kun/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { Secret } from '@kun/config';
import { startTestService } from '@kun/core/testing';
import { kindsModule } from '../../fixtures/kinds.module.js';
import { kindsController } from '../kinds-controller.js';
import type { KindsClient } from '../clients/linked-service.js';
import { ask, open, TOKEN } from './admin-port.js';

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
  release.resolve();
  await pending;
  await service.close();
});
