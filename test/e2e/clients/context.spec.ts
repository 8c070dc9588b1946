import { createServer, type Http2Session } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { currentCall, detach, Lifecycle, routes, type Routes } from '@kun/core';
import { deferred } from '@kun/core/testing';
import { from, lastValueFrom, mergeMap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../fixtures/kinds.module.js';
import { call } from '../call.js';
import { freePorts } from '../config-tree.js';
import type { KindsHandlers } from '../kinds-controller.js';
import { streamOf, startLinked, type LinkedService } from './linked-service.js';

interface Seen {
  readonly requestId: string;
  readonly remainingMs: number;
  readonly routes: Routes;
}

/** An upstream that keeps what it sees of each call. */
async function recordingUpstream() {
  const seen: Seen[] = [];
  const record = () => {
    const { requestId, deadline, routes: own } = currentCall()!;
    seen.push({
      requestId,
      remainingMs: deadline - Date.now(),
      routes: own,
    });
    return {};
  };
  const handlers: KindsHandlers = {
    unary: record,
    async *watch() {
      yield record();
    },
    async collect(requests) {
      for await (const _ of requests) void 0;
      return record();
    },
    async *chat(requests) {
      for await (const _ of requests) yield record();
    },
  };
  return { seen, last: await startLinked({ handlers, config: { Routing: { Allow: ['AccountId'] } } }) };
}

describe('calls made for an incoming one', () => {
  const METADATA = { 'x-request-id': 'the-call', accountid: '42' };

  it('have its id, its routes and what is left of its time: after awaits, in timers, iterators and Observables', async () => {
    const { seen, last } = await recordingUpstream();
    await using first: LinkedService = await startLinked({
      next: last.grpcAddress,
      config: { Routing: { Allow: ['AccountId'] } },
      handlers: {
        unary: async () => {
          await first.next.unary({});
          await delay(5);
          await first.next.unary({});
          await new Promise<void>((resolve) =>
            setTimeout(() => void first.next.unary({}).then(() => resolve()), 5),
          );
          async function* numbers() {
            for (const n of [1, 2]) {
              await first.next.unary({ n });
              yield n;
            }
          }
          for await (const _ of numbers()) void 0;
          await lastValueFrom(
            from([1, 2]).pipe(
              mergeMap((n) => first.next.unary({ n })),
              toArray(),
            ),
          );
          for await (const _ of first.next.watch({})) void 0;
          await first.next.collect(streamOf([{}]));
          for await (const _ of first.next.chat(streamOf([{}]))) void 0;
          return {};
        },
      },
    });
    const { code } = await call(first.grpcClient(KINDS), 'Unary', {
      metadata: METADATA,
      timeoutMs: 5000,
    });
    expect(code).toBe(status.OK);
    expect(seen).toHaveLength(10);
    for (const each of seen) {
      expect(each).toMatchObject({ requestId: 'the-call', routes: { AccountId: '42' } });
      // The 15 s of a unary call that nobody configured are more than the caller has; 20 ms are kept for the way back.
      expect(each.remainingMs).toBeLessThanOrEqual(4980);
      expect(each.remainingMs).toBeGreaterThan(3000);
    }
    await last.close();
  });

  it('do not mix with those of others at the same time', async () => {
    const { seen, last } = await recordingUpstream();
    await using first: LinkedService = await startLinked({
      next: last.grpcAddress,
      config: { Routing: { Allow: ['AccountId'] } },
      handlers: {
        unary: async () => {
          await delay(Math.random() * 10);
          return routes.with({}, () => first.next.unary({}));
        },
      },
    });
    const client = first.grpcClient(KINDS);
    const ids = Array.from({ length: 50 }, (_, n) => `call-${n}`);
    await Promise.all(
      ids.map((id) => call(client, 'Unary', { metadata: { 'x-request-id': id, accountid: id } })),
    );
    expect(
      seen.map(({ requestId, routes: { AccountId } }) => `${requestId} ${AccountId}`).toSorted(),
    ).toEqual(ids.map((id) => `${id} ${id}`).toSorted());
    await last.close();
  });

  it('outlive it when they are detached, with its id and routes', async () => {
    const goOn = deferred();
    const began = deferred();
    const seen: string[] = [];
    await using last = await startLinked({
      config: { Routing: { Allow: ['AccountId'] } },
      handlers: {
        unary: async () => {
          const { requestId, routes: own, deadline } = currentCall()!;
          began.resolve();
          await goOn.promise;
          seen.push(`${requestId} ${own['AccountId']} ${deadline - Date.now() > 5000}`);
          return {};
        },
      },
    });
    const answers: Array<Promise<unknown>> = [];
    await using first: LinkedService = await startLinked({
      next: last.grpcAddress,
      config: { Routing: { Allow: ['AccountId'] } },
      handlers: {
        unary: () => {
          answers.push(detach(() => first.next.unary({})));
          return {};
        },
      },
    });
    const { code } = await call(first.grpcClient(KINDS), 'Unary', { metadata: METADATA, timeoutMs: 500 });
    expect(code).toBe(status.OK);
    await began.promise;
    goOn.resolve();
    await Promise.all(answers);
    expect(seen).toEqual(['the-call 42 true']);
  });

  it('can still be made while the service drains: channels close after the last incoming call', async () => {
    const { seen, last } = await recordingUpstream();
    const began = deferred();
    const goOn = deferred();
    const first: LinkedService = await startLinked({
      next: last.grpcAddress,
      handlers: {
        unary: async () => {
          began.resolve();
          await goOn.promise;
          return first.next.unary({});
        },
      },
    });
    const answer = call(first.grpcClient(KINDS), 'Unary');
    await began.promise;
    const stopped = first.app.stop('test');
    expect(first.app.get(Lifecycle).stopping.aborted).toBe(true);
    goOn.resolve();
    expect((await answer).code).toBe(status.OK);
    expect(await stopped).toMatchObject({ clean: true, facts: { drained: 1, forced: 0 } });
    expect(seen).toHaveLength(1);
    await expect(first.next.unary({})).rejects.toThrow('closed');
    await first.close();
    await last.close();
  });
});

describe('a sidecar', () => {
  it('is dialled at its port with the target as :authority, and the service is not ready without it', async () => {
    const [port = 0] = await freePorts(1);
    await using first = await startLinked({
      next: 'stock.shop.svc:50051',
      config: { GRPCDial: { WithProxyPort: port } },
    });
    const ready = async () => {
      const response = await fetch(`${first.adminUrl}/readyz`);
      return { status: response.status, body: await response.text() };
    };
    await expect
      .poll(ready)
      .toMatchObject({ status: 503, body: expect.stringContaining('proxy-next') as string });

    const authorities: unknown[] = [];
    const sessions = new Set<Http2Session>();
    const sidecar = createServer()
      .on('session', (session) => sessions.add(session))
      .on('stream', (stream, headers) => {
        authorities.push(headers[':authority']);
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5)); // an empty message
      })
      .listen(port, '127.0.0.1');
    await expect.poll(ready, { timeout: 10_000 }).toMatchObject({ status: 200 });
    await first.next.unary({});
    expect(authorities).toEqual(['stock.shop.svc:50051']);
    for (const session of sessions) session.destroy();
    sidecar.close();
  });
});
