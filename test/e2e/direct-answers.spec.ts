import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { currentCall, notFound } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { of, throwError, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call, startCall } from './call.js';
import { kindsController } from './kinds-controller.js';

// Where no interceptor of Nest stands between, messages of a generator go to the wire without passing its pipeline.

let service: TestService;
let filtered: string[];
let cleaned: number;
beforeEach(() => {
  filtered = [];
  cleaned = 0;
});
afterEach(() => service.close());

@Catch()
class Filter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): Observable<unknown> {
    filtered.push(`${host.getType()} ${error.message}`);
    if (error.message === 'made good') return of({ text: 'by the filter', n: 7 });
    return throwError(() => notFound(`filtered ${error.message}`));
  }
}

async function* counting(count: number, end: () => unknown): AsyncGenerator {
  try {
    for (let n = 1; n <= count; n++) yield { text: 'a', n };
    yield end();
  } finally {
    cleaned++;
  }
}

function failing(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

/** Throws once the caller has left, as what a handler waits for does that has been given the signal. */
async function left(): Promise<never> {
  const signal = currentCall()?.signal;
  if (signal?.aborted === false) await once(signal, 'abort');
  throw new Error('given up');
}

async function serve(watch: (request: Note) => unknown): Promise<void> {
  service = await startTestService(kindsModule({ controllers: [kindsController({ watch })] }), {
    prepare: (app) => void app.useGlobalFilters(new Filter()),
  });
}

describe('a stream that nothing of Nest looks at', () => {
  it('asks the filters of its error, once, behind its messages', async () => {
    await serve(() => counting(300, failing('broken')));
    const outcome = await call(service.grpcClient(KINDS), 'Watch');
    expect(outcome).toMatchObject({ code: status.NOT_FOUND, details: 'filtered broken' });
    expect([outcome.messages.length, filtered, cleaned]).toEqual([300, ['rpc broken'], 1]);
  });

  it('continues with what a filter returns instead of the error', async () => {
    await serve(() => counting(2, failing('made good')));
    const outcome = await call(service.grpcClient(KINDS), 'Watch');
    expect(outcome.code).toBe(status.OK);
    expect(outcome.messages.map(({ n }) => n)).toEqual([1, 2, 7]);
  });

  it('ends with INTERNAL at a message that does not fit its proto, which is no error of the handler', async () => {
    await serve(() => counting(2, () => ({ n: 'many' })));
    const outcome = await call(service.grpcClient(KINDS), 'Watch');
    expect(outcome).toMatchObject({ code: status.INTERNAL, messages: [{ n: 1 }, { n: 2 }] });
    await expect.poll(() => cleaned).toBe(1);
    expect(filtered).toEqual([]);
  });

  it('of a list is that list, and its error the filters’ too', async () => {
    await serve(function* ({ n }) {
      yield { n: 1 };
      if (n === 1) throw new Error('in the list');
      yield { n: 2 };
    });
    const client = service.grpcClient(KINDS);
    expect((await call(client, 'Watch')).messages.map(({ n }) => n)).toEqual([1, 2]);
    const failed = await call(client, 'Watch', { requests: [{ n: 1 }] });
    expect(failed).toMatchObject({ code: status.NOT_FOUND, messages: [{ n: 1 }] });
  });

  it('is cleaned up when its caller leaves, and no filter is asked', async () => {
    await serve(() => counting(1, left));
    const watching = startCall(service.grpcClient(KINDS), 'Watch');
    await watching.received(1);
    watching.cancel();
    expect((await watching.outcome).code).toBe(status.CANCELLED);
    await expect.poll(() => cleaned).toBe(1);
    expect(filtered).toEqual([]);
  });
});
