import { join } from 'node:path';
import { status, type Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METHODS } from '../kinds-controller.js';
import { KINDS } from '../../fixtures/kinds.module.js';
import { startCall, type Call } from '../call.js';
import { buildFixtures, type FixturePrograms } from '../fixture-program.js';
import { REPOSITORY } from '../running-process.js';
import { serviceIn, SpawnedService } from '../spawned-service.js';

const REPEATS = 5;

let fixtures: FixturePrograms;
const links: SpawnedService[] = [];
let client: Client;

beforeAll(async () => {
  fixtures = await buildFixtures();
  for (const link of ['last', 'middle', 'first']) {
    const next = links[0] && { Upstreams: { next: { Target: `127.0.0.1:${links[0].ports.grpc}` } } };
    const main = fixtures.main('chain');
    const config = { Logger: { Level: 'debug' }, ...next };
    links.unshift(await SpawnedService.start({ main, service: 'kinds', config, env: { LINK: link } }));
  }
  client = links.at(0)!.grpcClient(serviceIn(join(REPOSITORY, 'test/fixtures/kinds.proto'), KINDS));
});
afterAll(async () => {
  await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
  await fixtures[Symbol.asyncDispose]();
});

describe.each(METHODS)('%s through three processes', (method) => {
  it('cancelled at the first aborts the signal of the last within 100 ms', async () => {
    const delays: number[] = [];
    for (let round = 0; round < REPEATS; round++) {
      const name = `${method} cancel ${round}`;
      const call = await held(method, name);
      const cancelledAt = Date.now();
      call.cancel();
      delays.push((await abortedAt(name)) - cancelledAt);
      expect((await call.outcome).code).toBe(status.CANCELLED);
    }
    expect(median(delays), `of ${delays.join(', ')} ms`).toBeLessThan(100);
    await everyLinkSays(method, 'Canceled', REPEATS);
  });

  it('past its deadline aborts the signal of the last within 100 ms, and never before its reserve', async () => {
    const delays = await Promise.all(
      Array.from({ length: REPEATS }, async (_, round) => {
        const name = `${method} deadline ${round}`;
        const startedAt = Date.now();
        const call = await held(method, name, 400);
        const delayMs = (await abortedAt(name)) - startedAt - 400;
        expect((await call.outcome).code).toBe(status.DEADLINE_EXCEEDED);
        return delayMs;
      }),
    );
    expect(median(delays), `of ${delays.join(', ')} ms`).toBeLessThan(100);
    // Two hops of 20 ms each, and what timers and the wire round.
    expect(Math.min(...delays), `of ${delays.join(', ')} ms`).toBeGreaterThan(-60);
    await everyLinkSays(method, 'DeadlineExceeded', REPEATS);
  });
});

/** A call that the last link holds. */
async function held(method: string, name: string, timeoutMs?: number): Promise<Call> {
  const call = startCall(client, method, {
    requests: [{ text: name }],
    open: true,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  await links.at(-1)!.process.line(({ msg, call }) => msg === 'held' && call === name);
  return call;
}

async function abortedAt(name: string): Promise<number> {
  const line = await links.at(-1)!.process.line(({ msg, call }) => msg === 'aborted' && call === name);
  return Number(line?.['at']);
}

/** Server lines of all, and client lines of the two that called. */
async function everyLinkSays(method: string, code: string, count: number): Promise<void> {
  const lines = () =>
    links.map(({ process }) => {
      const of = process.withMessage('finished call').filter((line) => line['grpc.method'] === method);
      return ['server', 'client'].map(
        (side) => of.filter((line) => line['grpc.component'] === side && line['grpc.code'] === code).length,
      );
    });
  await expect.poll(lines).toEqual([
    [count, count],
    [count, count],
    [count, 0],
  ]);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
