import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { currentCall } from '@kun/core';
import { deferred } from '@kun/core/testing';
import { describe, expect, it } from 'vitest';
import type { KindsHandlers } from '../kinds-controller.js';
import { freePorts } from '../config-tree.js';
import { callKind, KINDS_METHODS, startLinked } from './linked-service.js';
import { silentPeer } from './silent-peer.js';

const ECHO: KindsHandlers = {
  unary: (request) => request,
  async *watch(request) {
    yield request;
  },
  async collect(requests) {
    let last = {};
    for await (const request of requests) last = request;
    return last;
  },
  async *chat(requests) {
    yield* requests;
  },
};

describe('a peer that accepts and never answers', () => {
  const CONNECT_TIMEOUT_MS = 1000;
  // The first pause of gRPC's connection backoff is one second, give or take a fifth.
  const BACKOFF_MS = 1200;

  it('fails calls at their deadline, and once it heals it is used again without a restart', async () => {
    await using last = await startLinked({ handlers: ECHO });
    await using peer = await silentPeer();
    await using first = await startLinked({
      next: peer.address,
      upstream: { Timeout: CONNECT_TIMEOUT_MS / 1000, CallTimeout: 0.4 },
    });

    for (const kind of KINDS_METHODS) {
      const startedAt = performance.now();
      const { error } = await callKind(first.next, kind, { timeoutMs: 150 });
      const tookMs = performance.now() - startedAt;
      expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
      expect(tookMs).toBeGreaterThanOrEqual(149);
      expect(tookMs).toBeLessThan(450);
    }
    const startedAt = performance.now();
    await expect(first.next.unary({ text: 'a' })).rejects.toMatchObject({
      code: expect.any(Number) as number,
    });
    expect(performance.now() - startedAt, 'the configured timeout holds for others').toBeLessThan(700);

    peer.heal(last.grpcAddress);
    // Calls fail at once while the channel waits for its next attempt; there is no event for its end.
    await expect
      .poll(async () => (await callKind(first.next, 'unary', { timeoutMs: 300 })).answers, {
        timeout: CONNECT_TIMEOUT_MS + 2 * BACKOFF_MS,
      })
      .toMatchObject([{ text: 'a' }]);
    for (const kind of KINDS_METHODS) {
      const { answers, error } = await callKind(first.next, kind);
      expect({ answers, error }).toMatchObject({ answers: [{ text: 'a' }], error: undefined });
    }
  });

  it('is what the start waits for where it is to Block, within the time and with its name', async () => {
    await using peer = await silentPeer();
    const startedAt = performance.now();
    const start = startLinked({ next: peer.address, upstream: { Block: true, Timeout: 0.3 } });
    await expect(start).rejects.toThrow(
      `upstream next (${peer.address}) was not reached within 300 ms; last seen: `,
    );
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});

describe('a peer that is not there yet', () => {
  it('is waited for where the start is to Block', async () => {
    const [port = 0] = await freePorts(1);
    const starting = startLinked({ next: `127.0.0.1:${port}`, upstream: { Block: true, Timeout: 20 } });
    await using last = await startLinked({ handlers: ECHO });
    await using peer = await silentPeer(port);
    peer.heal(last.grpcAddress);
    await using first = await starting;
    expect(await first.next.unary({ text: 'a' }, { timeoutMs: 500 })).toMatchObject({ text: 'a' });
  });

  it('fails calls at their own deadline if the start does not fail, and is used as soon as it is reachable', async () => {
    const [port = 0] = await freePorts(1);
    await using first = await startLinked({ next: `127.0.0.1:${port}`, upstream: { Retry: { By: 'off' } } });
    const { error } = await callKind(first.next, 'unary', { timeoutMs: 1000 });
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
    expect(String(error)).toContain('ECONNREFUSED');
  });
});

describe('a call that takes longer than three keepalive periods', () => {
  const KEEPALIVE = { KeepaliveTime: 0.1, KeepaliveTimeout: 1 };

  /** The connection on which the next call comes in, as the server has it. */
  function nextServerSession(): Promise<Http2Session> {
    return new Promise((resolve) => {
      const onStart = (message: unknown) => {
        unsubscribe('http2.server.stream.start', onStart);
        resolve((message as { stream: ServerHttp2Stream }).stream.session!);
      };
      subscribe('http2.server.stream.start', onStart);
    });
  }

  /** Waits until the client has asked so many times whether its peer is alive, which it does once a period. */
  async function questions(session: Http2Session, count: number): Promise<void> {
    for (let asked = 0; asked < count; asked++) await once(session, 'remoteSettings');
  }

  it.each(KINDS_METHODS)("%s survives the server's drain", async (kind) => {
    const began = deferred();
    const goOn = deferred();
    const slow = async <T>(value: T): Promise<T> => {
      began.resolve();
      await goOn.promise;
      return value;
    };
    const last = await startLinked({
      // Whose sessions can be listened to, to see when the client has asked.
      config: { GRPCServer: { Engine: 'grpc-js', StreamGracePeriod: 10, GrpcGracefulStopTimeout: 15 } },
      handlers: {
        unary: (request) => slow(request),
        async *watch(request) {
          yield await slow(request);
        },
        async collect(requests) {
          for await (const request of requests) return slow(request);
          return {};
        },
        async *chat(requests) {
          for await (const request of requests) yield await slow(request);
        },
      },
    });
    await using first = await startLinked({
      next: last.grpcAddress,
      upstream: { ...KEEPALIVE, CallTimeout: 10 },
    });
    const session = nextServerSession();
    const call = callKind(first.next, kind);
    await began.promise;
    const stopped = last.close();
    // From the GOAWAY on more than three periods: what kills a call of plain grpc-js after one.
    await questions(await session, 4);
    goOn.resolve();
    expect(await call).toMatchObject({ answers: [{ text: 'a' }] });
    expect((await call).error).toBeUndefined();
    const report = await stopped;
    expect(report.clean).toBe(true);
    expect(report.facts).toMatchObject({ drained: 1, ended: 0, forced: 0 });
  });
});

describe('a new instance', () => {
  it('is found as the connections to the old ones grow old, without a failed call', async () => {
    const config = { GRPCServer: { MaxConnectionAge: 0.3 } };
    const handlers = (name: string): KindsHandlers => ({ unary: () => ({ text: name }) });
    await using one = await startLinked({ handlers: handlers('one'), config });
    await using two = await startLinked({ handlers: handlers('two'), config });
    // A name with one address that leads to another instance from now on, as behind a cluster IP.
    await using peer = await silentPeer();
    peer.heal(one.grpcAddress);
    await using first = await startLinked({ next: peer.address, upstream: { Retry: { By: 'off' } } });
    expect(await first.next.unary({})).toMatchObject({ text: 'one' });
    peer.heal(two.grpcAddress);
    const startedAt = performance.now();
    while ((await first.next.unary({})).text !== 'two') {
      expect(performance.now() - startedAt).toBeLessThan(5000);
    }
    expect(peer.accepted).toBeGreaterThan(1);
  });
});

describe('many cancelled calls', () => {
  it('cost no other call of their connection its life', async () => {
    const goOn = deferred();
    const hanging = new Set<string>();
    await using last = await startLinked({
      handlers: {
        unary: async ({ text }) => {
          if (text !== 'long') {
            hanging.add(text);
            await once(currentCall()!.signal, 'abort');
            return {};
          }
          await goOn.promise;
          return { text };
        },
      },
    });
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: { By: 'off' } } });
    const long = callKind(first.next, 'unary', { timeoutMs: 30_000 }, [{ text: 'long' }]);
    for (let wave = 0; wave < 15; wave++) {
      const leave = new AbortController();
      const calls = Array.from({ length: 100 }, (_, n) =>
        callKind(first.next, 'unary', { signal: leave.signal }, [{ text: `${wave}.${n}` }]),
      );
      await expect.poll(() => hanging.size, { interval: 5 }).toBe(100);
      hanging.clear();
      leave.abort();
      const codes = (await Promise.all(calls)).map(({ error }) => (error as { code: number }).code);
      expect(new Set(codes)).toEqual(new Set([status.CANCELLED]));
    }
    goOn.resolve();
    expect(await long).toMatchObject({ answers: [{ text: 'long' }] });
  });
});
