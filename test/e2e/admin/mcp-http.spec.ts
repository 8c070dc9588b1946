import { currentCall } from '@kun/core';
import { deferred } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLinked, type LinkedService } from '../clients/linked-service.js';
import { ask, open, TOKEN, type AskOptions } from './admin-port.js';

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

const callOf = (name: string, args: object = {}, id: number | string = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

async function startMcp(config: object = {}): Promise<LinkedService & { readonly hanging: Promise<void> }> {
  const hanging = deferred();
  const service = await startLinked({
    config: { Admin: { MCP: true, Token: TOKEN }, ...config },
    handlers: {
      unary: () =>
        new Promise((_resolve, reject) => {
          currentCall()?.signal.addEventListener('abort', () => reject(new Error('gone')));
          hanging.resolve();
        }),
    },
  });
  return Object.assign(service, { hanging: hanging.promise });
}

let service: Awaited<ReturnType<typeof startMcp>>;
beforeAll(async () => void (service = await startMcp()));
afterAll(() => service[Symbol.asyncDispose]());

const post = (body: unknown, options: AskOptions = {}) =>
  ask(service.adminUrl, '/mcp', { method: 'POST', body, ...options });

describe('/mcp', () => {
  it('answers JSON in one piece, whatever form is accepted, and keeps no session', async () => {
    for (const accept of [
      undefined,
      '*/*',
      'application/json',
      'text/event-stream',
      'application/json, text/event-stream',
    ]) {
      const headers: Record<string, string> = accept === undefined ? {} : { accept };
      const answer = await post(INITIALIZE, { headers });
      expect([accept, answer.status, answer.headers['content-type']]).toEqual([
        accept,
        200,
        'application/json',
      ]);
      expect(answer.headers['mcp-session-id']).toBeUndefined();
      expect(answer.json()).toMatchObject({
        id: 1,
        result: { protocolVersion: '2025-06-18', serverInfo: { name: 'kinds' } },
      });
    }
    // What another server gave is nothing here.
    const stale = await post(LIST, {
      headers: { 'mcp-session-id': '1f0e', 'mcp-protocol-version': '2025-06-18' },
    });
    expect(stale.json()).toMatchObject({ result: { tools: expect.any(Array) as unknown[] } });
  });

  it('has no stream that would stay open', async () => {
    for (const method of ['GET', 'DELETE', 'PUT', 'OPTIONS', 'HEAD']) {
      const answer = await ask(service.adminUrl, '/mcp', {
        method,
        headers: { accept: 'text/event-stream' },
      });
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'POST']);
    }
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const subscribed = await post(
      {
        jsonrpc: '2.0',
        id: 'a',
        method: 'subscriptions/listen',
        params: { notifications: { toolsListChanged: true }, _meta: meta },
      },
      { headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' } },
    );
    expect(subscribed.status).toBe(200);
    expect(subscribed.text).toContain('"resultType":"complete"');
  });

  it('refuses revisions that it does not speak, and says which it does', async () => {
    const answer = await post(LIST, { headers: { 'mcp-protocol-version': '1999-01-01' } });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('2025-11-25');
    expect((await post(LIST)).status).toBe(200);
  });

  it('accepts batches of requests, of any kind, up to a limit', async () => {
    const two = await post([LIST, { ...LIST, id: 2 }]);
    expect(two.json<Array<{ id: number }>>().map(({ id }) => id)).toEqual([1, 2]);
    const many = await post(Array.from({ length: 21 }, (_, id) => ({ ...LIST, id })));
    expect([many.status, many.json()]).toEqual([
      400,
      { error: 'Bad Request', message: 'a body may have 20 requests, not 21' },
    ]);
    const notification = await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect([notification.status, notification.text]).toEqual([202, '']);
    for (const odd of [
      null,
      1,
      '"a"',
      true,
      [],
      {},
      [[]],
      [null],
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '1.0' },
    ]) {
      const answer = await post(odd === null ? 'null' : odd);
      expect([odd, answer.status < 500]).toEqual([odd, true]);
    }
    for (const name of ['__proto__', 'constructor', 'toString', '', 'x'.repeat(10_000)]) {
      const { error } = (await post(callOf(name))).json<{ error: { code: number } }>();
      expect([name, error.code]).toEqual([name, -32_602]);
    }
    expect((await post(INITIALIZE)).status).toBe(200);
  });

  it('serves a limited number at a time, and releases those that nobody waits for', async () => {
    // Nothing answers the one that cancels itself.
    const cancels = [
      callOf('call_method', { method: '/kun.test.v1.Kinds/Unary', timeoutMs: 60_000 }, 7),
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } },
    ];
    const leaving = new AbortController();
    const waiting = Array.from({ length: 16 }, () =>
      open(service.adminUrl, '/mcp', { method: 'POST', body: cancels, token: TOKEN, signal: leaving.signal }),
    );
    const status = async () => (await post(LIST)).status;
    await expect.poll(status, { timeout: 10_000 }).toBe(429);
    leaving.abort();
    await Promise.allSettled(waiting);
    await expect.poll(status, { timeout: 10_000 }).toBe(200);
  });

  it('bounds what it reads', async () => {
    expect((await post(callOf('search_log', { text: 'a'.repeat(300_000) }))).status).toBe(413);
    expect((await post('{"jsonrpc":')).status).toBe(400);
    expect((await post(LIST, { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });

  it('refuses foreign hosts and origins, with the token too', async () => {
    const foreign: ReadonlyArray<Readonly<Record<string, string>>> = [
      { host: 'evil.example' },
      { host: 'localhost.evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:1' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const answer = await ask(service.adminUrl, '/mcp', {
          method,
          body: callOf('get_status'),
          headers,
          token: TOKEN,
        });
        expect([headers, method, answer.status]).toEqual([headers, method, 403]);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
    }
  });

  it('refuses a token that is not the one, rather than to read without it', async () => {
    for (const authorization of [`Bearer ${TOKEN}x`, 'Bearer', `Basic ${TOKEN}`]) {
      const answer = await post(LIST, { headers: { authorization } });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    }
  });

  it('ends with the service, whatever is under way', async () => {
    const stopping = await startMcp({ GRPCServer: { GrpcGracefulStopTimeout: 1 } });
    const call = callOf('call_method', { method: '/kun.test.v1.Kinds/Unary', timeoutMs: 60_000 });
    const answer = ask(stopping.adminUrl, '/mcp', { method: 'POST', body: call, token: TOKEN });
    await stopping.hanging;
    const closing = stopping.app.close();
    expect((await answer).text).toMatch(/UNAVAILABLE|CANCELLED/);
    await closing;
  });
});

it('is not there by default', async () => {
  await using plain = await startLinked({ handlers: {} });
  const answer = await ask(plain.adminUrl, '/mcp', { method: 'POST', body: LIST });
  expect([404, 405]).toContain(answer.status);
});
