import { status } from '@grpc/grpc-js';
import { RequestStreamError, StatusError } from '@kun/core';
import { FakeClock, startTestUpstream, type TestUpstream } from '@kun/core/testing';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    config: { GRPCDial: { Block: false } },
    upstream: { Retry: { Attempts: 1 }, Backoff: { Initial: 0.05, Max: 0.05 } },
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
});
