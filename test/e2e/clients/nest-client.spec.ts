import { Metadata, status } from '@grpc/grpc-js';
import {
  currentCall,
  KunClientModule,
  nestClientToken,
  notFound,
  unavailable,
  type CallOptions,
} from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import type { ClientGrpc } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, Observable, of, take, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../../fixtures/kinds.module.js';
import { call } from '../call.js';
import { kindsController, type KindsHandlers } from '../kinds-controller.js';
import { sumOf } from '../metrics-text.js';
import { startLinked, type LinkedService } from './linked-service.js';

/** The service as Nest's users write it. */
interface KindsService {
  unary(request: Partial<Note>, metadata?: Metadata, options?: CallOptions): Observable<Note>;
  watch(request: Partial<Note>, metadata?: Metadata): Observable<Note>;
  collect(requests: Observable<Partial<Note>>): Observable<Note>;
  chat(requests: Observable<Partial<Note>>): Observable<Note>;
}

const seen: Array<Record<string, unknown>> = [];
let aborted = 0;
let failures = 0;

const LAST: KindsHandlers = {
  unary: ({ text }) => {
    seen.push(currentCall()!.metadata.getMap());
    if (text === 'missing') throw notFound('no such note');
    if (failures-- > 0) throw unavailable('not yet');
    return { text };
  },
  async *watch({ n }) {
    currentCall()!.signal.addEventListener('abort', () => aborted++);
    for (let next = 1; n === 0 || next <= n; next++) {
      yield { n: next };
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  async collect(requests) {
    const texts: string[] = [];
    for await (const { text } of requests) texts.push(text);
    return { text: texts.join() };
  },
  async *chat(requests) {
    yield* requests;
  },
};

let last: LinkedService;
let first: TestService;
let service: KindsService;

beforeAll(async () => {
  last = await startLinked({ handlers: LAST });
  const proto = { package: 'kun.test.v1', path: 'kinds.proto' };
  const forward: KindsHandlers = {
    unary: (request) => service.unary(request),
    watch: (request) => service.watch(request),
    collect: (requests) => service.collect(requests),
    chat: (requests) => service.chat(requests),
  };
  first = await startTestService(
    kindsModule({
      controllers: [kindsController(forward)],
      imports: [KunClientModule.register([{ name: 'next', service: 'Kinds', ...proto }])],
    }),
    {
      overrides: { Upstreams: { next: { Target: last.grpcAddress, Errors: 'pass' } } },
      prepare(app) {
        service = app.get<ClientGrpc>(nestClientToken('next')).getService<KindsService>('Kinds');
      },
    },
  );
});
afterAll(async () => {
  await first.close();
  await last.close();
});

describe("an upstream in Nest's own form", () => {
  it('serves all four kinds as Observables', async () => {
    expect(await firstValueFrom(service.unary({ text: 'a' }))).toMatchObject({ text: 'a' });
    const events = await lastValueFrom(service.watch({ n: 3 }).pipe(toArray()));
    expect(events.map(({ n }) => n)).toEqual([1, 2, 3]);
    const notes = of({ text: 'a' }, { text: 'b' });
    expect(await firstValueFrom(service.collect(notes))).toMatchObject({ text: 'a,b' });
    const answers = await lastValueFrom(service.chat(notes).pipe(toArray()));
    expect(answers.map(({ text }) => text)).toEqual(['a', 'b']);
  });

  it('goes through the same chain: metadata, request id, retries, counts', async () => {
    const metadata = new Metadata();
    metadata.set('x-request-id', 'from-nest');
    metadata.set('x-own', 'yes');
    failures = 1;
    const before = await first.metrics();
    seen.length = 0;
    await firstValueFrom(service.unary({ text: 'a' }, metadata));
    expect(seen).toMatchObject([
      { 'x-own': 'yes', 'x-request-id': 'from-nest' },
      { 'x-own': 'yes', 'x-request-id': 'from-nest', 'grpc-previous-rpc-attempts': '1' },
    ]);
    const after = await first.metrics();
    const more = (name: string) => sumOf(after, name) - sumOf(before, name);
    expect(more('kun_client_calls_total')).toBe(1);
    expect(more('grpc_client_started_total')).toBe(2);
  });

  it('is cold: each subscription is a call, and none without', async () => {
    seen.length = 0;
    const answer = service.unary({ text: 'a' });
    expect(seen).toEqual([]);
    await firstValueFrom(answer);
    await firstValueFrom(answer);
    expect(seen).toHaveLength(2);
  });

  it('errors as status errors, and an error of the request stream cancels the call', async () => {
    const failing = firstValueFrom(service.unary({ text: 'missing' }));
    await expect(failing).rejects.toMatchObject({ code: status.NOT_FOUND, message: 'no such note' });
    const requests = new Observable<Partial<Note>>((subscriber) => {
      subscriber.next({ text: 'a' });
      subscriber.error(new Error('the file ended early'));
    });
    await expect(firstValueFrom(service.collect(requests))).rejects.toMatchObject({
      code: expect.any(Number) as number,
    });
  });

  it('cancels the call when it is unsubscribed from', async () => {
    aborted = 0;
    await lastValueFrom(service.watch({ n: 0 }).pipe(take(2)));
    await expect.poll(() => aborted).toBe(1);
  });

  it('carries the cancel of an incoming call on', async () => {
    aborted = 0;
    const client = first.grpcClient(KINDS);
    const { code } = await call(client, 'Watch', { requests: [{ n: 0 }], timeoutMs: 200 });
    expect(code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => aborted).toBe(1);
  });

  it('answers a caller with what the Observable gives', async () => {
    const client = first.grpcClient(KINDS);
    for (const method of ['Unary', 'Watch', 'Collect', 'Chat']) {
      const { code, messages } = await call(client, method, { requests: [{ text: 'a', n: 1 }] });
      expect({ method, code, count: messages.length }).toEqual({ method, code: status.OK, count: 1 });
    }
    const { code, details } = await call(client, 'Unary', { requests: [{ text: 'missing' }] });
    expect({ code, details }).toEqual({ code: status.NOT_FOUND, details: 'no such note' });
  });

  it('says which service it has when it is asked for another', () => {
    const grpc = first.app.get<ClientGrpc>(nestClientToken('next'));
    expect(() => grpc.getService('Kindz')).toThrow(
      'upstream "next" has the service kun.test.v1.Kinds, not Kindz',
    );
  });
});
