import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { badRequest, invalidArgument } from '@kun/core';
import { FakeClock, startTestUpstream, TestServiceError, type TestUpstream } from '@kun/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Note } from '../../fixtures/kinds.module.js';
import { startLinked, streamOf, type LinkedService } from '../clients/linked-service.js';

const PROTO = join(import.meta.dirname, '../../fixtures/kinds.proto');

let upstream: TestUpstream;
let service: LinkedService;
const clock = new FakeClock();

beforeEach(async () => {
  upstream = await startTestUpstream({
    package: 'kun.test.v1',
    path: PROTO,
    service: 'Kinds',
    clock,
    handlers: {
      unary: ({ text }: Note) => ({ text: `stock: ${text}` }),
      async *chat(notes: AsyncIterable<Note>) {
        for await (const { n } of notes) yield { n: n + 1 };
      },
    },
  });
  service = await startLinked({
    next: upstream.address,
    upstream: { Retry: { MaxAttempts: 1 } },
  });
  return async () => {
    await service[Symbol.asyncDispose]();
    await upstream.close();
  };
});

describe('an upstream of a test', () => {
  it('answers with its handlers, and UNIMPLEMENTED without', async () => {
    expect(await service.next.unary({ text: 'a' })).toMatchObject({ text: 'stock: a' });
    const seen: number[] = [];
    for await (const { n } of service.next.chat(streamOf([{ n: 1 }, { n: 2 }]))) seen.push(n);
    expect(seen).toEqual([2, 3]);
    await expect(service.next.collect(streamOf([{ n: 1 }]))).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
    expect(upstream.calls.count()).toBe(3);
    expect(upstream.calls.count('Unary')).toBe(1);
  });

  it('fails as often as it is told, and then no more', async () => {
    upstream.failWith(status.UNAVAILABLE, { times: 2 });
    for (const code of [status.UNAVAILABLE, status.UNAVAILABLE]) {
      await expect(ask()).rejects.toMatchObject({ code });
    }
    expect(await ask()).toMatchObject({ text: 'stock: a' });
  });

  it('fails one method with details, until it heals', async () => {
    const details = [badRequest({ fieldViolations: [{ field: 'text', description: 'too short' }] })];
    upstream.failWith(invalidArgument('no', { details }), { method: 'Unary' });
    await expect(ask()).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details });
    await expect(service.next.collect(streamOf([]))).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await upstream.heal();
    expect(await ask()).toMatchObject({ text: 'stock: a' });
  });

  it('is slow by its clock', async () => {
    upstream.delayBy(60_000, { times: 1 });
    const answer = ask();
    await clock.awaitScheduled();
    await clock.advance(60_000);
    expect(await answer).toMatchObject({ text: 'stock: a' });
  });

  it('takes a call and never answers, until its caller leaves', async () => {
    upstream.neverAnswer();
    const answer = service.next.unary({}, { timeoutMs: 200 }).catch((error: unknown) => error);
    const call = await upstream.calls.next('Unary');
    expect(await answer).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await call.aborted;
  });

  it('resets the connection under a call', async () => {
    upstream.resetConnections({ times: 1 });
    await expect(ask()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await answersAgain();
  });

  it('says nothing any more, as a network that drops packets, and heals', async () => {
    await ask();
    upstream.goSilent();
    await expect(service.next.unary({}, { timeoutMs: 150 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    await upstream.heal();
    await answersAgain();
  });

  it('refuses connections, and comes back at its address', async () => {
    await ask();
    await upstream.refuseConnections();
    await expect(ask()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await upstream.heal();
    await answersAgain();
  });

  it.each([
    [{ service: 'Kinds', handlers: { unray: () => ({}) } }, 'has no method unray'],
    [{ service: 'Things' }, 'service Things: the proto has kun.test.v1.Kinds'],
  ])('says what does not fit its proto', async (options, message) => {
    const started = startTestUpstream({ package: 'kun.test.v1', path: PROTO, ...options });
    await expect(started).rejects.toThrow(TestServiceError);
    await expect(started).rejects.toThrow(message);
  });
});

const ask = () => service.next.unary({ text: 'a' });

/** gRPC connects again after a pause of a second, and there is no event for its end. */
async function answersAgain(): Promise<void> {
  await expect.poll(() => ask().then(({ text }) => text, String), { timeout: 10_000 }).toBe('stock: a');
}
