import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLinked, type LinkedService } from '../clients/linked-service.js';
import { ask, TOKEN } from './admin-port.js';

const CHANGES = [
  ['PUT', '/loglevel', { level: 'debug', forSeconds: 60 }],
  ['DELETE', '/loglevel', undefined],
] as const;
const READS = ['/statusz', '/callz', '/errorz', '/channelz', '/configz', '/loglevel'];

let open: LinkedService;
let guarded: LinkedService;

beforeAll(async () => {
  open = await startLinked({ handlers: {} });
  guarded = await startLinked({
    handlers: {},
    config: { Admin: { Token: TOKEN, Hosts: ['admin.example.com'] } },
  });
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await guarded[Symbol.asyncDispose]();
});

describe('what changes, costs or calls', () => {
  it.each(CHANGES)(
    'is off without Admin.Token, and says how to turn it on: %s %s',
    async (method, path, body) => {
      const answer = await ask(open.adminUrl, path, { method, body, token: TOKEN });
      expect(answer.status).toBe(403);
      expect(answer.json()).toEqual({
        error: 'Forbidden',
        message: expect.stringMatching(
          /set Admin\.Token, .* as bearer token in the header Authorization$/,
        ) as string,
      });
    },
  );

  it.each(CHANGES)('wants the token: %s %s', async (method, path, body) => {
    const wrong = [
      undefined,
      'Bearer',
      'Bearer ',
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      `Basic ${TOKEN}`,
      TOKEN,
      `Bearer ${TOKEN} ${TOKEN}`,
      'Bearer [secret]',
    ];
    for (const authorization of wrong) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await ask(guarded.adminUrl, path, { method, body, headers });
      expect([authorization, answer.status, answer.headers['www-authenticate']]).toEqual([
        authorization,
        401,
        'Bearer',
      ]);
      expect(answer.text).not.toContain(TOKEN);
    }
    const query = await ask(guarded.adminUrl, `${path}?token=${TOKEN}&access_token=${TOKEN}`, {
      method,
      body,
    });
    expect(query.status).toBe(401);
    expect((await ask(guarded.adminUrl, path, { method, body, token: TOKEN })).status).toBe(200);
  });

  it.each([
    '/LOGLEVEL',
    '/loglevel/',
    '//loglevel',
    '/%6Coglevel',
    '/loglevel%2F',
    '/x/../loglevel',
    '/./loglevel',
    '/loglevel;x=1',
    '/loglevel%00',
    'http://localhost/loglevel',
  ])('has no other way in: PUT %s', async (path) => {
    const answer = await ask(open.adminUrl, path, { method: 'PUT', body: { level: 'trace' }, token: TOKEN });
    expect([404, 405]).toContain(answer.status);
    expect((await ask(open.adminUrl, '/loglevel')).json()).toMatchObject({ level: 'info' });
  });

  it('takes no other method in its place', async () => {
    for (const name of ['x-http-method-override', 'x-method-override']) {
      const answer = await ask(guarded.adminUrl, '/loglevel?_method=PUT', {
        method: 'POST',
        headers: { [name]: 'PUT' },
        body: { level: 'trace' },
        token: TOKEN,
      });
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe('GET, PUT, DELETE');
    }
  });

  it('tells in the log who did what', async () => {
    await ask(guarded.adminUrl, '/loglevel', { method: 'DELETE', token: TOKEN });
    const line = await guarded.logs.waitFor(({ msg }) =>
      msg.endsWith('used the admin token: DELETE /loglevel'),
    );
    expect(line.msg).toMatch(/^127\.0\.0\.1:\d+ /);
  });
});

describe('a browser that is made to ask', () => {
  it.each([...READS.map((path) => ['GET', path] as const), ['PUT', '/loglevel'] as const])(
    'by a name that resolves here is refused: %s %s',
    async (method, path) => {
      for (const host of [
        'evil.example',
        'evil.example:8081',
        'localhost.evil.example',
        '127.0.0.1.evil.example',
        'localhost@evil.example',
        'localhost:8081@evil.example',
        '[::1].evil.example',
        'localhost/evil.example',
        '0.0.0.0',
        '169.254.169.254',
      ]) {
        const answer = await ask(guarded.adminUrl, path, {
          method,
          headers: { host },
          token: TOKEN,
          body: {},
        });
        expect([host, answer.status]).toEqual([host, 403]);
        expect(answer.json()).toMatchObject({ message: expect.stringContaining('Admin.Hosts') as string });
      }
    },
  );

  it('by a name of this process is answered', async () => {
    const port = new URL(guarded.adminUrl).port;
    for (const host of [
      `localhost:${port}`,
      'LOCALHOST',
      'localhost.',
      '127.0.0.1',
      `[::1]:${port}`,
      hostname(),
      'admin.example.com',
      'Admin.Example.com:443',
    ]) {
      expect([host, (await ask(guarded.adminUrl, '/loglevel', { headers: { host } })).status]).toEqual([
        host,
        200,
      ]);
    }
  });

  it('by a page of another origin is refused', async () => {
    const { host, port } = new URL(guarded.adminUrl);
    const foreign = [
      'https://evil.example',
      'null',
      '',
      `http://${host}.evil.example`,
      `http://localhost:${port}`,
      `http://127.0.0.1:1`,
      `http://${host}/`,
      `ftp://${host}`,
      'http://127.0.0.1',
    ];
    for (const origin of foreign) {
      for (const [method, path] of [
        ...READS.map((read) => ['GET', read] as const),
        ['PUT', '/loglevel'] as const,
      ]) {
        const answer = await ask(guarded.adminUrl, path, {
          method,
          headers: { origin },
          token: TOKEN,
          body: {},
        });
        expect([origin, path, answer.status]).toEqual([origin, path, 403]);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
    }
    expect((await ask(guarded.adminUrl, '/statusz', { headers: { origin: `http://${host}` } })).status).toBe(
      200,
    );
  });

  it('by a link, an image or a script of another site is refused, but for a link to be read', async () => {
    const asked = async (site: string, mode: string, dest: string, method = 'GET') => {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
      return (await ask(guarded.adminUrl, '/loglevel', { headers, method, token: TOKEN })).status;
    };
    expect(await asked('cross-site', 'no-cors', 'image')).toBe(403);
    expect(await asked('same-site', 'no-cors', 'script')).toBe(403);
    expect(await asked('cross-site', 'navigate', 'iframe')).toBe(403);
    expect(await asked('cross-site', 'navigate', 'document', 'DELETE')).toBe(403);
    expect(await asked('cross-site', 'navigate', 'document')).toBe(200);
    expect(await asked('same-origin', 'cors', 'empty')).toBe(200);
    expect(await asked('none', 'navigate', 'document')).toBe(200);
  });

  it('cannot send a form instead of JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const answer = await ask(guarded.adminUrl, '/loglevel', {
        method: 'PUT',
        headers: { 'content-type': type },
        body: '{"level":"debug"}',
        token: TOKEN,
      });
      expect([type, answer.status]).toEqual([type, 415]);
    }
  });

  it('is told to keep, frame and guess nothing', async () => {
    for (const path of ['/statusz', '/livez', '/metrics', '/nowhere']) {
      const { headers } = await ask(guarded.adminUrl, path);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

it('answers probes and scrapes whatever they call it', async () => {
  for (const path of ['/livez', '/readyz', '/startupz', '/metrics']) {
    const headers = { host: 'echo.shop.svc.cluster.local:8081', origin: 'https://evil.example' };
    expect([path, (await ask(guarded.adminUrl, path, { headers })).status]).toEqual([path, 200]);
  }
});

it('bounds what it reads', async () => {
  const body = `"${'a'.repeat(65_536)}"`;
  const answer = await ask(guarded.adminUrl, '/loglevel', { method: 'PUT', body, token: TOKEN });
  expect(answer.status).toBe(413);
  for (const broken of ['', '{', '{"level":"debug"', 'NaN']) {
    const said = await ask(guarded.adminUrl, '/loglevel', { method: 'PUT', body: broken, token: TOKEN });
    expect([broken, said.status]).toEqual([broken, 400]);
  }
});

describe('a parameter that nothing reads', () => {
  it.each([
    ['GET', '/errorz?methd=Unary', 'did you mean method? /errorz takes method, code, request_id, since'],
    ['GET', '/statusz?pretty=1', '/statusz takes none'],
    ['GET', '/debug/profile?second=60', 'did you mean seconds? /debug/profile takes seconds'],
    ['POST', '/debug/trace-next?calls=3', '/debug/trace-next takes method, n'],
  ])('is refused: %s %s', async (method, path, message) => {
    const answer = await ask(guarded.adminUrl, path, { method, token: TOKEN });
    expect([answer.status, answer.json()]).toEqual([
      400,
      { error: 'Bad Request', message: expect.stringContaining(message) as string },
    ]);
  });

  it('does not keep a bookmark of the page from opening', async () => {
    expect((await ask(guarded.adminUrl, '/?from=wiki')).status).toBe(200);
  });
});
