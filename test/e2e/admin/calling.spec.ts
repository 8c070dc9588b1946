import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { IncomingMessage } from 'node:http';
import { status } from '@grpc/grpc-js';
import { badRequest, currentCall, invalidArgument, StatusError } from '@kun/core';
import { deferred } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLinked, type LinkedService } from '../clients/linked-service.js';
import { testAuthority } from '../clients/test-authority.js';
import type { Notes } from '../kinds-controller.js';
import { ask, open, TOKEN } from './admin-port.js';

type Event = Readonly<Record<string, unknown>>;

const cancelled = deferred();
let service: LinkedService;

async function* answers(requests: Notes) {
  for await (const { text, n } of requests) yield { text: `re: ${text}`, n };
}

beforeAll(async () => {
  service = await startLinked({
    config: { Admin: { Token: TOKEN } },
    handlers: {
      unary: ({ text, n }) => {
        if (text === 'fail')
          throw invalidArgument('no such text', {
            details: [badRequest({ fieldViolations: [{ field: 'text', description: 'taken' }] })],
          });
        if (text === 'who') {
          const call = currentCall();
          const [tenant = ''] = call?.metadata.get('x-tenant') ?? [];
          call?.responseMetadata.set('set-cookie', 'session=do-not-show');
          call?.responseTrailers.set('x-left', '3');
          return { text: `${String(tenant)} ${call?.requestId}`, n: Number.isFinite(call?.deadline) ? 1 : 0 };
        }
        if (text === 'hang')
          return new Promise((_resolve, reject) => {
            currentCall()?.signal.addEventListener('abort', () => {
              cancelled.resolve();
              reject(new StatusError(status.CANCELLED, 'gone'));
            });
          });
        return { text: `${text}!`, n };
      },
      async *watch({ n }) {
        for (let i = 0; i < n; i++) yield { text: 'x'.repeat(100), n: i };
        await Promise.resolve();
      },
      async collect(requests) {
        let n = 0;
        for await (const request of requests) n += request.n;
        return { text: 'sum', n };
      },
      chat: answers,
    },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

const post = (path: string, body?: unknown) =>
  ask(service.adminUrl, path, { method: 'POST', body, token: TOKEN });
const begin = (body: unknown) => open(service.adminUrl, '/call', { method: 'POST', body, token: TOKEN });

async function* linesOf(response: IncomingMessage): AsyncGenerator<Event> {
  for await (const line of createInterface({ input: response })) yield JSON.parse(line) as Event;
}

/** A call to its end. */
async function events(body: Event): Promise<Event[]> {
  const { status: code, text } = await post('/call', body);
  expect([code, code === 200 ? '' : text]).toEqual([200, '']);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}

describe('/call', () => {
  it('makes a unary call with metadata and deadline, through the chain', async () => {
    const [opened, headers, message, end, ...rest] = await events({
      method: '/kun.test.v1.Kinds/Unary',
      messages: [{ text: 'who' }],
      metadata: [
        ['x-tenant', 'acme'],
        ['x-request-id', 'by-hand-1'],
        ['authorization', 'Bearer very-secret-thing'],
      ],
      timeoutMs: 5000,
    });
    expect(rest).toEqual([]);
    expect(opened).toMatchObject({ type: 'open', kind: 'unary', requestId: 'by-hand-1' });
    expect(opened?.['bufCurl']).toBe(
      `buf curl --protocol grpc --http2-prior-knowledge --schema . -H 'x-tenant: acme' -H 'x-request-id: by-hand-1' -H "authorization: $AUTHORIZATION" -d '{"text":"who"}' "http://$GRPC/kun.test.v1.Kinds/Unary"`,
    );
    expect(headers).toMatchObject({ type: 'headers' });
    expect(headers?.['metadata']).toContainEqual(['set-cookie', '[secret]']);
    expect(message).toEqual({ type: 'message', index: 0, message: { text: 'acme by-hand-1', n: 1 } });
    expect(end).toMatchObject({ type: 'end', code: 0, codeName: 'OK', details: [] });
    expect(end?.['trailers']).toContainEqual(['x-left', '3']);
    const line = await service.logs.waitFor(
      (each) => each.msg === 'finished call' && each['request_id'] === 'by-hand-1',
    );
    expect(line['peer.address']).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(JSON.stringify(service.logs.lines)).not.toContain('very-secret-thing');
  });

  it('ends with the status and its details', async () => {
    const failed = await events({ method: '/kun.test.v1.Kinds/Unary', messages: [{ text: 'fail' }] });
    expect(failed.at(-1)).toMatchObject({
      type: 'end',
      codeName: 'INVALID_ARGUMENT',
      message: 'no such text',
      details: [{ fieldViolations: [{ field: 'text', description: 'taken' }] }],
    });
  });

  it('streams as fast as it is read, whatever the number', async () => {
    const all = await events({ method: '/kun.test.v1.Kinds/Watch', messages: [{ n: 5000 }] });
    const messages = all.filter(({ type }) => type === 'message');
    expect(messages.map(({ index }) => index)).toEqual(Array.from({ length: 5000 }, (_, index) => index));
    expect(all.at(-1)).toMatchObject({ codeName: 'OK' });
  });

  it('sends a request stream at once', async () => {
    const all = await events({
      method: '/kun.test.v1.Kinds/Collect',
      messages: [{ n: 1 }, { n: 2 }, { n: 4 }],
    });
    expect(all).toContainEqual({ type: 'message', index: 0, message: { text: 'sum', n: 7 } });
  });

  it('holds a bidirectional call open for further messages', async () => {
    const lines = linesOf(await begin({ method: '/kun.test.v1.Kinds/Chat', open: true }));
    const next = async () => (await lines.next()).value as Event;
    const { id } = await next();
    const path = `/call/${String(id)}`;
    expect((await post(`${path}/messages`, { messages: [{ text: 'a' }] })).status).toBe(204);
    expect(await next()).toMatchObject({ type: 'headers' });
    expect(await next()).toMatchObject({ index: 0, message: { text: 're: a' } });
    const misfit = await post(`${path}/messages`, { messages: [{ text: 'b' }, { txt: 'c' }] });
    expect(misfit.status).toBe(400);
    expect(misfit.json()).toMatchObject({ message: expect.stringContaining('txt') as string });
    expect((await post(`${path}/messages`, { messages: [{ text: 'd' }] })).status).toBe(204);
    expect(await next()).toMatchObject({ index: 1, message: { text: 're: d' } });
    expect((await post(`${path}/half-close`)).status).toBe(204);
    expect(await next()).toMatchObject({ type: 'end', codeName: 'OK' });
    for (const gone of ['/messages', '/half-close']) {
      expect((await post(path + gone, { messages: [] })).status).toBe(404);
    }
  });

  it('is cancelled by DELETE, by its deadline, and by leaving', async () => {
    const hang = { method: '/kun.test.v1.Kinds/Unary', messages: [{ text: 'hang' }] };
    const lines = linesOf(await begin(hang));
    const { id } = ((await lines.next()).value ?? {}) as Event;
    const path = `/call/${String(id)}`;
    expect((await ask(service.adminUrl, path, { method: 'DELETE', token: TOKEN })).status).toBe(204);
    expect((await lines.next()).value).toMatchObject({ type: 'end', codeName: 'CANCELLED' });
    await cancelled.promise;

    const late = await events({ ...hang, timeoutMs: 20 });
    expect(late.at(-1)).toMatchObject({ codeName: 'DEADLINE_EXCEEDED' });

    const left = await begin({ ...hang, metadata: [['x-request-id', 'left']] });
    await linesOf(left).next();
    left.destroy();
    await service.logs.waitFor((line) => line.msg === 'finished call' && line['request_id'] === 'left');
    const { inFlight } = (await ask(service.adminUrl, '/callz')).json<{ inFlight: { server: number } }>();
    expect(inFlight.server).toBe(0);
  });

  it.each([
    [{}, 'method is the path'],
    [{ method: 7 }, 'method is the path'],
    [{ method: '/kun.test.v1.Kinds/Unary', message: {} }, 'a call has no message; it has'],
    [{ method: '/kun.test.v1.Kinds/Unary', messages: {} }, 'messages is a list'],
    [{ method: '/kun.test.v1.Kinds/Unary', messages: [] }, 'takes one message'],
    [{ method: '/kun.test.v1.Kinds/Unary', messages: [{}, {}] }, 'takes one message, not 2'],
    [{ method: '/kun.test.v1.Kinds/Unary', open: true }, 'cannot be left open'],
    [{ method: '/kun.test.v1.Kinds/Unary', messages: [{ n: -1 }] }, 'the message is no kun.test.v1.Note'],
    [{ method: '/kun.test.v1.Kinds/Unary', messages: ['text'] }, 'the message is no kun.test.v1.Note'],
    [{ method: '/kun.test.v1.Kinds/Unary', timeoutMs: 0 }, 'timeoutMs'],
    [{ method: '/kun.test.v1.Kinds/Unary', timeoutMs: 3_600_001 }, 'timeoutMs'],
    [{ method: '/kun.test.v1.Kinds/Unary', metadata: { a: 'b' } }, 'list of pairs'],
    [{ method: '/kun.test.v1.Kinds/Unary', metadata: [['grpc-timeout', '1S']] }, "gRPC's own"],
    [{ method: '/kun.test.v1.Kinds/Unary', metadata: [['a b', 'c']] }, 'cannot be sent'],
    [{ method: '/kun.test.v1.Kinds/Unary', metadata: [['a', 'b\nc: d']] }, 'cannot be sent'],
  ])('refuses %j', async (body, message) => {
    const answer = await post('/call', body);
    expect(answer.status).toBe(400);
    expect(answer.json<{ message: string }>().message).toContain(message);
  });

  it('knows only what is served, and wants the token', async () => {
    for (const method of [
      '/kun.test.v1.Kinds/None',
      '/nobody/Unary',
      'Kinds/Unary',
      '/__proto__/constructor',
    ]) {
      expect([method, (await post('/call', { method })).status]).toEqual([method, 404]);
    }
    const without = { method: 'POST', body: { method: '/kun.test.v1.Kinds/Unary' } };
    expect((await ask(service.adminUrl, '/call', without)).status).toBe(401);
  });
});

it('/methods has services, kinds, messages and examples that can be sent', async () => {
  const { services, types } = (await ask(service.adminUrl, '/methods')).json<{
    services: Array<{ name: string; comment?: string; methods: Array<Record<string, unknown>> }>;
    types: Record<string, unknown>;
  }>();
  expect(services).toMatchObject([{ name: 'kun.test.v1.Kinds', comment: 'One method of each kind.' }]);
  const [{ methods } = { methods: [] }] = services;
  expect(methods.map(({ name, kind }) => [name, kind])).toEqual([
    ['Unary', 'unary'],
    ['Watch', 'server_streaming'],
    ['Collect', 'client_streaming'],
    ['Chat', 'bidi_streaming'],
  ]);
  expect(types['kun.test.v1.Note']).toEqual({
    name: 'kun.test.v1.Note',
    fields: [
      { name: 'text', type: 'string' },
      { name: 'n', type: 'uint32' },
    ],
  });
  for (const { method, example } of methods) {
    expect(example).toEqual({ text: '', n: 0 });
    const all = await events({ method: String(method), messages: [example] });
    expect(all.at(-1)).toMatchObject({ codeName: 'OK' });
  }
});

it('is made in the process itself, also where the port wants certificates', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kun-calling-'));
  const put = async (name: string, text: string) => {
    const file = join(directory, name);
    await writeFile(file, text);
    return file;
  };
  const authority = await testAuthority('calling');
  const { certificate, privateKey } = await authority.issue('kinds');
  const TLS = {
    Cert: await put('cert.pem', certificate),
    Key: await put('key.pem', privateKey),
    ClientCA: await put('ca.pem', authority.certificate),
  };
  await using guarded = await startLinked({
    config: { Admin: { Token: TOKEN }, GRPCServer: { TLS } },
    handlers: { unary: (request) => request },
  });
  const answer = await ask(guarded.adminUrl, '/call', {
    method: 'POST',
    body: { method: '/kun.test.v1.Kinds/Unary', messages: [{ text: 'a' }] },
    token: TOKEN,
  });
  expect(answer.text).toContain('"text":"a"');
  expect(answer.text).toContain('"codeName":"OK"');
  expect(answer.text).toContain('https://$GRPC');
  await rm(directory, { recursive: true });
});
