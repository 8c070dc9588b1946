import { status } from '@grpc/grpc-js';
import { currentCall, Lifecycle, resourceExhausted } from '@kun/core';
import {
  deferred,
  FakeClock,
  KunTestingModule,
  startInProcess,
  startTestService,
  type InProcessService,
} from '@kun/core/testing';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../../fixtures/kinds.module.js';
import { call, startCall } from '../call.js';
import { callKind, KINDS_METHODS, type KindsClient } from '../clients/linked-service.js';
import { kindsController, type KindsHandlers } from '../kinds-controller.js';

let service: InProcessService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

const start = async (handlers: KindsHandlers, options: Parameters<typeof startInProcess>[1] = {}) => {
  service = await startInProcess(kindsModule({ controllers: [kindsController(handlers)] }), options);
  return { service, client: service.client<KindsClient>(KINDS) };
};

const ECHO: KindsHandlers = {
  unary: ({ text }) => ({ text }),
  *watch({ text }) {
    yield { text };
    yield { text };
  },
  async collect(requests) {
    let n = 0;
    for await (const request of requests) n += request.n;
    return { n };
  },
  async *chat(requests) {
    for await (const { n } of requests) yield { n: n + 1 };
  },
};

describe('a service in process', () => {
  it('answers calls of all kinds, and opens no port', async () => {
    const { service, client } = await start(ECHO);
    for (const kind of KINDS_METHODS) {
      const { answers, error } = await callKind(client, kind, {}, [{ text: 'a', n: 1 }]);
      expect(error).toBeUndefined();
      expect(answers.length).toBeGreaterThan(0);
    }
    expect(service.app.ports).toEqual({});
    expect(await service.metrics()).toContain('grpc_server_handled_total');
    expect((await service.close()).clean).toBe(true);
    expect(service.logs.finishedCalls).toHaveLength(4);
  });

  it('holds a stream back whose caller does not read, and one whose handler does not', async () => {
    let yielded = 0;
    let taken = 0;
    const goOn = deferred();
    const { client } = await start({
      async *watch() {
        for (; yielded < 10_000; yielded++) yield { n: yielded };
      },
      async collect(requests) {
        await goOn.promise;
        for await (const _ of requests) taken++;
        return { n: taken };
      },
    });
    let offered = 0;
    async function* endless() {
      for (; offered < 10_000; offered++) yield { n: offered };
    }
    const collected = client.collect(endless());
    for await (const { n } of client.watch({})) if (n === 3) break;
    expect(yielded).toBeLessThan(1000);
    expect(offered).toBeLessThan(1000);
    goOn.resolve();
    expect(await collected).toMatchObject({ n: 10_000 });
  });

  it('has metadata, trailers, errors and their details as on a connection', async () => {
    const { service, client } = await start({
      unary: () => {
        const call = currentCall();
        call?.responseMetadata.set('x-header', 'h');
        call?.responseTrailers.set('x-trailer', 't');
        throw resourceExhausted('enough', { cause: new Error('hidden') });
      },
    });
    const outcome = await call(service.grpcClient(KINDS), 'Unary', { metadata: { 'x-request-id': 'r-1' } });
    expect(outcome).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'enough' });
    expect(outcome.trailers.get('x-trailer')).toEqual(['t']);
    await expect(client.unary({})).rejects.toThrow('enough');
    expect(service.calls.all[0]?.requestId).toBe('r-1');
  });

  it('lets a fake clock decide when a deadline passes', async () => {
    const clock = new FakeClock();
    const late = deferred();
    const { service, client } = await start({ unary: () => late.promise.then(() => ({})) }, { clock });
    const answer = client.unary({}, { timeoutMs: 60_000 });
    const call = await service.calls.next('Unary');
    expect(call.deadline).toBe(clock.now() + 60_000);
    const failed = answer.catch((error: unknown) => error);
    await clock.advance(59_999);
    expect(service.logs.finishedCalls).toEqual([]);
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await call.aborted;
    late.resolve();
    await service.idle();
    expect(await call.ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('shows what a handler sees of a caller who cancels', async () => {
    const { service, client } = await start({ unary: () => currentCallAborts().then(() => ({})) });
    const caller = new AbortController();
    const answer = client.unary({}, { signal: caller.signal });
    const call = await service.calls.next('Unary');
    caller.abort();
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
    await call.aborted;
    expect(await call.ended).toMatchObject({ code: status.CANCELLED, cause: 'reset' });
    await service.idle();
    expect(service.calls.count('Unary')).toBe(1);
  });

  it('drains calls in flight, and serves no call after that', async () => {
    const goOn = deferred();
    const { service, client } = await start({
      unary: async ({ text }) => {
        if (text === 'slow') await goOn.promise;
        return { text };
      },
    });
    const slow = client.unary({ text: 'slow' });
    await service.calls.next();
    const stop = service.beginStop();
    expect(service.app.get(Lifecycle).stopping.aborted).toBe(true);
    goOn.resolve();
    expect(await slow).toMatchObject({ text: 'slow' });
    expect(await stop.report).toMatchObject({ clean: true, facts: { drained: 1, forced: 0 } });
    await expect(client.unary({})).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('is one that Nest compiled without ports', async () => {
    const root = kindsModule({ controllers: [kindsController(ECHO)] });
    const compile = (runtime: Parameters<typeof KunTestingModule.for>[1]) =>
      Test.createTestingModule({ imports: [KunTestingModule.for(root, runtime)] }).compile();
    service = await startInProcess(await compile({ ports: 'none' }));
    expect(await service.client<KindsClient>(KINDS).unary({ text: 'a' })).toMatchObject({ text: 'a' });
    await expect(startInProcess(await compile({}))).rejects.toThrow("{ ports: 'none' }");
    await expect(startTestService(await compile({ ports: 'none' }))).rejects.toThrow(
      'startInProcess(module)',
    );
  });

  it('ends half a stream when its caller leaves', async () => {
    const { service } = await start(ECHO);
    const chat = startCall(service.grpcClient(KINDS), 'Chat', { requests: [{ n: 1 }], open: true });
    await chat.received(1);
    const call = await service.calls.next('Chat');
    chat.cancel();
    expect((await chat.outcome).code).toBe(status.CANCELLED);
    expect((await call.ended).code).toBe(status.CANCELLED);
  });
});

/** Settles when nobody waits for the call any more. */
function currentCallAborts(): Promise<void> {
  const signal = currentCall()?.signal;
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}
