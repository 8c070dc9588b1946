import { EventEmitter, once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Liveness } from '../lifecycle/liveness.js';
import { Readiness } from '../lifecycle/readiness.js';
import { Startup } from '../lifecycle/startup.js';
import { createAdminServer, type AdminServer, type AdminServerOptions } from './admin-server.js';
import type { MetricsSource } from './metrics-rendering.js';
import { withoutAdminStart } from './quiet-start.js';
import { PortError } from '../transport/port-error.js';

const started: AdminServer[] = [];
const said: string[] = [];
const write = (message: unknown) => void said.push(String(message));
beforeAll(() => {
  Logger.overrideLogger(withoutAdminStart({ log: write, warn: write, error: write, fatal: write }));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function start(options: Partial<AdminServerOptions> = {}) {
  const lines: string[] = [];
  const logger = {
    log: (line: string) => void lines.push(line),
    warn: (line: string) => void lines.push(line),
  };
  const parts = {
    readiness: new Readiness({ logger }),
    liveness: new Liveness({ logger }),
    startup: new Startup(),
    metrics: saying(''),
  };
  const server = createAdminServer({
    port: 0,
    host: '127.0.0.1',
    logger,
    ...parts,
    ...options,
  });
  started.push(server);
  const { port } = await server.start();
  return { ...parts, server, port, lines, url: (path: string) => `http://127.0.0.1:${port}${path}` };
}

describe('the probes', () => {
  it('follow the lifecycle, each with its own question', async () => {
    const { url, readiness, startup } = await start();
    const statuses = () =>
      Promise.all(['/livez', '/readyz', '/startupz'].map(async (path) => (await fetch(url(path))).status));
    expect(await statuses()).toEqual([200, 503, 503]);
    startup.markStarted();
    expect(await statuses()).toEqual([200, 503, 200]);
    readiness.enter('serving');
    expect(await statuses()).toEqual([200, 200, 200]);
    readiness.enter('draining');
    expect(await statuses()).toEqual([200, 503, 200]);
  });

  it('name everything they looked at in a JSON body', async () => {
    const { url, readiness } = await start();
    readiness.enter('serving');
    readiness.addCheck('db', () => true);
    readiness.hold('full-sync');
    const response = await fetch(url('/readyz'));
    expect(response.status).toBe(503);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const holds = { status: 'down', names: ['full-sync'] };
    const lifecycle = { status: 'up', phase: 'serving' };
    const db: unknown = expect.objectContaining({ status: 'up' });
    expect(await response.json()).toEqual({
      status: 'error',
      info: { lifecycle, service: { status: 'up' }, db },
      error: { holds },
      details: { lifecycle, service: { status: 'up' }, holds, db },
    });
  });

  it('answer 503 with its name when a check fails or hangs, without what it said, and log it once', async () => {
    const { url, liveness, readiness, lines } = await start();
    readiness.enter('serving');
    liveness.addCheck('worker', () => Promise.reject(new Error('token abc123')), { cacheMs: 0 });
    readiness.addCheck('hung', () => new Promise<void>(() => undefined), { timeoutMs: 10, cacheMs: 0 });
    const bodies: string[] = [];
    for (let probe = 0; probe < 3; probe++) {
      for (const path of ['/livez', '/readyz']) {
        const response = await fetch(url(path));
        expect(response.status).toBe(503);
        bodies.push(await response.text());
      }
    }
    expect(bodies.join('\n')).not.toContain('abc123');
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ error: { worker: { status: 'down' } } });
    expect(JSON.parse(bodies[1] ?? '')).toMatchObject({
      error: { hung: { message: 'timeout of 10ms exceeded' } },
    });
    expect(lines.toSorted()).toEqual([
      'liveness check worker fails: token abc123',
      'readiness check hung fails: timeout of 10ms exceeded',
    ]);
  });
});

describe('/metrics', () => {
  it('shows what the source says, in its format', async () => {
    const { url } = await start({ metrics: saying('calls 1\n') });
    const response = await fetch(url('/metrics'));
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toBe('calls 1\n');
  });

  it('answers 500 while the source fails, logged once, and recovers', async () => {
    let fails = true;
    const expose = () => (fails ? Promise.reject(new Error('no value')) : saying('ok').expose());
    const { url, lines } = await start({ metrics: { expose } });
    for (let scrape = 0; scrape < 2; scrape++) {
      const response = await fetch(url('/metrics'));
      expect(`${response.status} ${await response.text()}`).toBe('500 {"error":"Internal Server Error"}');
    }
    expect(lines).toEqual(['/metrics fails: no value']);
    fails = false;
    expect(await (await fetch(url('/metrics'))).text()).toBe('ok');
  });
});

describe('the admin port', () => {
  it('serves two applications in one process, each its own', async () => {
    const one = await start({ metrics: saying('ones 1') });
    const two = await start();
    one.readiness.enter('serving');
    expect((await fetch(one.url('/readyz'))).status).toBe(200);
    expect((await fetch(two.url('/readyz'))).status).toBe(503);
    expect(await (await fetch(one.url('/metrics'))).text()).toBe('ones 1');
    expect(await (await fetch(two.url('/metrics'))).text()).toBe('');
    await one.server.stop();
    expect((await fetch(two.url('/livez'))).status).toBe(200);
  });

  it('answers nothing of its inside to anything else', async () => {
    const { port, url } = await start();
    const answers = [
      ['GET', '/', '404 Not Found'],
      ['GET', '/livez/x', '404 Not Found'],
      ['POST', '/livez', '405 Method Not Allowed'],
      ['DELETE', '/metrics', '405 Method Not Allowed'],
      ['OPTIONS', '/readyz', '405 Method Not Allowed'],
    ] as const;
    for (const [method, path, answer] of answers) {
      const response = await fetch(url(path), { method });
      const error = answer.slice(4);
      expect(`${response.status} ${await response.text()}`).toBe(
        `${answer.slice(0, 3)} {"error":"${error}"}`,
      );
      expect([...response.headers.keys()].filter((name) => /^(?:x-powered|etag|server)/.test(name))).toEqual(
        [],
      );
    }
    expect((await fetch(url('/livez'), { method: 'HEAD' })).status).toBe(200);
    const raw = connect(port, '127.0.0.1').end(
      'GET /%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    const answer = await text(raw);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).toMatch(/\{"error":"(Bad Request|Not Found)"\}$/);
  });

  it('names AdminPort when the port is in use, and leaves nothing open', async () => {
    const { port } = await start();
    const error: unknown = await start({ port }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PortError);
    expect(error).toMatchObject({
      port,
      code: 'EADDRINUSE',
      message: `AdminPort: port ${port} is in use; stop the process that has it (ss -ltnp 'sport = :${port}' names it), or set AdminPort to a free port, or 0 for no admin port`,
    });
  });

  it('leaves the logger of the process alone, and says nothing of its own making', async () => {
    const { server } = await start();
    await server.stop();
    new Logger('Theirs').log('still here');
    expect(said).toEqual(['still here']);
  });

  it('listens on all interfaces by default', async () => {
    const { port } = await start({ host: undefined });
    expect((await fetch(`http://localhost:${port}/livez`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  });

  it('starts once', async () => {
    const { server } = await start();
    await expect(server.start()).rejects.toThrow('started before');
  });
});

describe('stop', () => {
  it('does not wait for idle connections', async () => {
    const { server, url } = await start({ stopTimeoutMs: 60_000 });
    const agent = new Agent({ keepAlive: true });
    expect(await text(await ask(url('/livez'), agent))).toContain('"ok"');
    await server.stop();
    await expect(ask(url('/livez'), agent)).rejects.toThrow(/ECONNREFUSED|hang up/);
    agent.destroy();
  });

  it('does not wait for a connection on which nothing was asked yet', async () => {
    const { server, port } = await start({ stopTimeoutMs: 60_000 });
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(
      socket.on('error', () => undefined),
      'close',
    );
    await server.stop();
    await closed;
  });

  it('lets a request under way end, and then does not wait for its connection', async () => {
    const { server, url, pending, release, agent } = await requestUnderWay(60_000);
    const stopped = server.stop();
    await expect.poll(() => fetch(url('/livez')).then(String, String)).toContain('fetch failed');
    release();
    expect(await text(await pending)).toContain('slow 0');
    await stopped;
    agent.destroy();
  });

  it('cuts a request that does not end', async () => {
    const { server, pending, agent } = await requestUnderWay(10);
    const [answer] = await Promise.allSettled([pending, server.stop()]);
    expect(answer).toMatchObject({ status: 'rejected', reason: { message: 'socket hang up' } });
    agent.destroy();
  });

  it('may come twice, or before the start', async () => {
    const { server, port, readiness, liveness, startup, metrics } = await start();
    await Promise.all([server.stop(), server.stop()]);
    const other = createAdminServer({ port, readiness, liveness, startup, metrics });
    await expect(other.stop()).resolves.toBeUndefined();
  });
});

/** A scrape that waits until it is released. */
async function requestUnderWay(stopTimeoutMs: number) {
  const events = new EventEmitter();
  const expose = async () => {
    events.emit('entered');
    await once(events, 'release');
    return saying('slow 0').expose();
  };
  const { server, url } = await start({ metrics: { expose }, stopTimeoutMs });
  const entered = once(events, 'entered');
  const agent = new Agent({ keepAlive: true });
  const pending = ask(url('/metrics'), agent);
  await entered;
  return { server, url, pending, agent, release: () => void events.emit('release') };
}

function saying(body: string): MetricsSource {
  return { expose: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body }) };
}

function ask(url: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, resolve).once('error', reject);
  });
}
