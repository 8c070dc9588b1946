import { status } from '@grpc/grpc-js';
import { Readiness, StatusError } from '@kun/core';
import { deferred } from '@kun/core/testing';
import { describe, expect, it } from 'vitest';
import { startLinked } from '../clients/linked-service.js';
import { ask } from './admin-port.js';

interface Calls {
  readonly inFlight: {
    readonly server: number;
    readonly client: number;
    readonly calls: ReadonlyArray<Record<string, unknown>>;
  };
  readonly recent: { readonly methods: ReadonlyArray<Record<string, unknown>> };
}

describe('/callz', () => {
  it('shows a call in flight on both sides until it is over, and then its method', async () => {
    const [entered, release] = [deferred(), deferred()];
    await using last = await startLinked({
      handlers: {
        async unary(request) {
          entered.resolve();
          await release.promise;
          return request;
        },
      },
    });
    await using first = await startLinked({ next: last.grpcAddress });
    const pending = first
      .client<{ unary(request: object, options?: object): Promise<unknown> }>('kun.test.v1.Kinds')
      .unary({ text: 'a' }, { timeoutMs: 60_000, metadata: { 'x-request-id': 'night-1' } });
    await entered.promise;

    const { inFlight } = (await ask(first.adminUrl, '/callz')).json<Calls>();
    expect(inFlight).toMatchObject({ server: 1, client: 1 });
    const shown = { method: '/kun.test.v1.Kinds/Unary', kind: 'unary', requestId: 'night-1', state: 'open' };
    expect(inFlight.calls).toEqual([
      expect.objectContaining({ ...shown, side: 'server', received: 1, sent: 0 }),
      expect.objectContaining({ ...shown, side: 'client', upstream: 'next', attempt: 1, sent: 1 }),
    ]);
    const [taken] = inFlight.calls;
    expect(taken?.['peer']).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(taken?.['deadline']).toBeGreaterThan(Date.now());
    expect(taken?.['ageMs']).toBeGreaterThanOrEqual(0);

    release.resolve();
    await pending;
    const { inFlight: after } = (await ask(first.adminUrl, '/callz')).json<Calls>();
    expect(after).toEqual({ server: 0, client: 0, calls: [] });
  });
});

describe('/errorz', () => {
  it('has what failed, by request id, with what caused it', async () => {
    await using service = await startLinked({
      handlers: {
        unary: () => Promise.reject(new Error('no such table', { cause: new Error('the disk is full') })),
        collect: () => Promise.reject(new StatusError(status.NOT_FOUND, 'no such note')),
      },
    });
    const client = service.client<{
      unary(request: object, options?: object): Promise<unknown>;
      collect(requests: object[]): Promise<unknown>;
    }>('kun.test.v1.Kinds');
    await expect(client.unary({}, { metadata: { 'x-request-id': 'night-2' } })).rejects.toThrow(
      'Internal server error',
    );
    await expect(client.collect([{}])).rejects.toThrow('no such note');

    const errors = async (query = '') =>
      (await ask(service.adminUrl, `/errorz${query}`)).json<{ errors: Array<Record<string, unknown>> }>()
        .errors;
    const [latest, before] = await errors();
    expect(latest).toMatchObject({ codeName: 'NOT_FOUND', message: 'no such note', severity: 'answer' });
    expect(before).toMatchObject({
      method: '/kun.test.v1.Kinds/Unary',
      side: 'server',
      code: 13,
      codeName: 'INTERNAL',
      requestId: 'night-2',
      severity: 'fault',
      causes: [
        { type: 'Error', message: 'no such table' },
        { type: 'Error', message: 'the disk is full' },
      ],
    });
    expect(JSON.stringify(await errors())).not.toContain('views.spec.ts');
    expect(await errors('?request_id=night-2')).toEqual([before]);
    expect(await errors('?code=not_found')).toEqual([latest]);
    expect(await errors('?method=Unary')).toEqual([before]);
    expect(await errors(`?since=${String(before?.['seq'])}`)).toEqual([latest]);
    expect((await ask(service.adminUrl, '/errorz?status=5')).status).toBe(400);
  });
});

describe('/channelz', () => {
  it('shows a channel, where its calls go, and why it fails', async () => {
    await using last = await startLinked({ handlers: { unary: (request) => Promise.resolve(request) } });
    await using first = await startLinked({ next: last.grpcAddress });
    const channel = async () =>
      (await ask(first.adminUrl, '/channelz')).json<{ channels: Array<Record<string, unknown>> }>()
        .channels[0];
    expect(await channel()).toMatchObject({
      name: 'next',
      target: last.grpcAddress,
      tls: false,
      inFlight: 0,
    });
    await first.next.unary({ text: 'a' });
    expect(await channel()).toMatchObject({ state: 'ready', addresses: [last.grpcAddress] });
    await last.close();
    await expect(first.next.unary({ text: 'a' })).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(await channel()).toMatchObject({ lastError: { code: 'UNAVAILABLE' } });
    expect((await ask(first.adminUrl, '/errorz')).text).not.toContain('"object"');
  });

  it('shows each address of a channel that has answered, what is in flight, and the last error beside them', async () => {
    const goOn = deferred();
    const handlers = {
      unary: async ({ text }: { text: string }) => {
        if (text === 'wait') await goOn.promise;
        return { text };
      },
    };
    await using one = await startLinked({ handlers });
    await using two = await startLinked({ handlers });
    const both = [one.grpcAddress, two.grpcAddress];
    await using first = await startLinked({
      next: `ipv4:${both.join(',')}`,
      upstream: { LoadBalancing: 'round_robin', Retry: { MaxAttempts: 1 } },
    });
    const channels = async () =>
      (await ask(first.adminUrl, '/channelz')).json<{ channels: Array<Record<string, unknown>> }>().channels;
    // Connections to both come up when they do.
    await expect
      .poll(async () => {
        await first.next.unary({ text: 'a' });
        return [...((await channels())[0]?.['addresses'] as string[])].toSorted();
      })
      .toEqual(both.toSorted());
    const waiting = [first.next.unary({ text: 'wait' }), first.next.unary({ text: 'wait' })];
    await Promise.all([one.calls.next(), two.calls.next()]);
    const [channel, ...others] = await channels();
    expect(others).toEqual([]);
    expect(channel).toMatchObject({ name: 'next', state: 'ready', tls: false, inFlight: 2 });
    expect(channel).not.toHaveProperty('lastError');
    goOn.resolve();
    await Promise.all(waiting);

    await one.close();
    await two.close();
    await expect(first.next.unary({ text: 'a' })).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect((await channels())[0]).toMatchObject({ inFlight: 0, lastError: { code: 'UNAVAILABLE' } });
  });
});

describe('/statusz', () => {
  it('says who it is, what is in the way, and how it is', async () => {
    await using service = await startLinked({ handlers: {}, instance: 'night-shift' });
    service.app.get(Readiness).hold('full-sync');
    const status = (await ask(service.adminUrl, '/statusz')).json();
    expect(status).toMatchObject({
      identity: { instance: 'night-shift', cluster: 'default' },
      process: { pid: process.pid, node: process.version },
      lifecycle: 'serving',
      phase: 'serving',
      ready: false,
      reasons: ['held by full-sync'],
      holds: ['full-sync'],
      started: true,
      ports: { grpc: Number(service.grpcAddress.split(':')[1]) },
      logLevel: { level: 'info', configured: 'info' },
      features: { engine: 'kun', tls: false },
      admin: { page: true, token: false },
    });
    expect(status).toMatchObject({ memory: { rss: expect.any(Number) as number } });
    expect(status).toMatchObject({ eventLoop: { delayP99Ms: expect.any(Number) as number } });
  });
});
