import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@grpc/grpc-js';
import { Module, type Type } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { KunModule } from '@kun/core';
import { startTestService, type LogLine, type TestService } from '@kun/core/testing';
import { startCall, type Outcome } from './call.js';
import { Awaiting } from './context/awaiting.js';
import { Clerk, Gate, Journal } from './context/journal.js';
import { Cold, Shared, SharedUnrestored } from './context/observables.js';
import { Timers } from './context/timers.js';

const PACKAGE = 'kun.context.v1';
const METHODS = ['Unary', 'Watch', 'Collect', 'Chat'] as const;
/** Each of four styles and four kinds, 63 times. */
const CALLS = 1008;

let service: TestService;
afterEach(() => service.close());

describe(`${CALLS} calls at once`, () => {
  it('leave no line without their request id, and none with another', async () => {
    const calls = await callAtOnce({ Awaiting, Timers, Cold, Shared }, CALLS);
    const lines = await linesOf(calls);

    const foreign = lines.filter((line) => line['request_id'] !== meantFor(line));
    expect(foreign).toEqual([]);
    for (const line of lines) {
      const [, style, method] = meantFor(line).split('.');
      expect(line).toMatchObject({
        'grpc.service': `${PACKAGE}.${style}`,
        'grpc.method': method,
        tags: { who: meantFor(line) },
      });
    }
  });

  it('wrote every line, those of calls that were cancelled too', async () => {
    const calls = await callAtOnce({ Awaiting, Timers, Cold, Shared }, CALLS);
    const written = new Map<string, number>();
    for (const { msg } of await linesOf(calls)) written.set(msg, (written.get(msg) ?? 0) + 1);

    const incomplete = calls.filter(({ id, cancelled, responseStream }) => {
      const loggers = ['nest', 'pino', 'clerk', 'clerk-later'];
      const all = (step: string, times: number) =>
        loggers.every((logger) => (written.get(`${step} ${logger} ${id}`) ?? 0) === times);
      return !(all('first', 1) && (cancelled || all('then', 3)) && all('left', responseStream ? 1 : 0));
    });
    expect(incomplete).toEqual([]);
    expect(calls.filter(({ cancelled }) => cancelled)).toHaveLength(8 * 13);
  });
});

it('behind a shared source, without inCall(), lines go astray: this is what the test above would see', async () => {
  const lines = await linesOf(await callAtOnce({ SharedUnrestored }, 40));
  expect(lines.filter((line) => line['request_id'] !== meantFor(line)).length).toBeGreaterThan(100);
});

interface MadeCall {
  readonly id: string;
  readonly responseStream: boolean;
  readonly cancelled: boolean;
  readonly outcome: Outcome;
}

/** Makes calls of all styles and kinds in turn; none goes on before all are under way. */
async function callAtOnce(styles: Readonly<Record<string, Type>>, count: number): Promise<MadeCall[]> {
  service = await serve(styles);
  const gate = service.app.get(Gate);
  gate.expect(count);
  const ways = Object.keys(styles).flatMap((style) => {
    const client = service.grpcClient<Client>(`${PACKAGE}.${style}`);
    return METHODS.map((method) => ({ style, method, client }));
  });
  const rounds = Array.from({ length: count / ways.length }, (_, round) => round);
  const make = async (round: number, { style, method, client }: (typeof ways)[number]) => {
    const id = `${round}.${style}.${method}`;
    const requestStream = method === 'Collect' || method === 'Chat';
    const responseStream = method === 'Watch' || method === 'Chat';
    const cancelled = responseStream && round % 5 === 0;
    const call = startCall(client, method, {
      requests: Array.from({ length: requestStream ? 3 : 1 }, () => ({ text: id })),
      metadata: { 'x-request-id': id },
    });
    if (cancelled) {
      await call.received(1);
      call.cancel();
    }
    return { id, responseStream, cancelled, outcome: await call.outcome };
  };
  const calls = rounds.flatMap((round) => ways.map((way) => make(round, way)));
  let over = false;
  const all = Promise.all(calls).finally(() => (over = true));
  await gate.open;
  for (let tick = 1; !over; tick++) {
    gate.ticks.next(tick);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return all;
}

async function serve(styles: Readonly<Record<string, Type>>): Promise<TestService> {
  const base = await mkdtemp(join(tmpdir(), 'kun-context-'));
  const services = Object.keys(styles).map(
    (name) => `service ${name} {
      rpc Unary(Named) returns (Named); rpc Watch(Named) returns (stream Named);
      rpc Collect(stream Named) returns (Named); rpc Chat(stream Named) returns (stream Named);
    }`,
  );
  const proto = `syntax = "proto3"; package ${PACKAGE}; message Named { string text = 1; } ${services.join(' ')}`;
  await writeFile(join(base, 'context.proto'), proto);

  @Module({
    imports: [
      KunModule.forRoot({ service: 'kinds', base, proto: { package: PACKAGE, path: 'context.proto' } }),
    ],
    controllers: Object.values(styles),
    providers: [Journal, Clerk, Gate],
  })
  class ContextModule {}

  const env = { KUN_BASE: join(import.meta.dirname, '../fixtures') };
  try {
    return await startTestService(ContextModule, { env });
  } finally {
    await rm(base, { recursive: true });
  }
}

/** All that the handlers of the calls wrote, when they have all left. */
async function linesOf(calls: readonly MadeCall[]): Promise<LogLine[]> {
  for (const { id, outcome, cancelled } of calls) {
    expect({ id, code: outcome.code }).toEqual({ id, code: cancelled ? 1 : 0 });
  }
  // Whoever is told to leave is waited for.
  await service.close();
  return service.logs.where(({ msg }) => /^(first|then|left) /.test(msg));
}

/** The id that the line was written for. */
function meantFor({ msg }: LogLine): string {
  return msg.slice(msg.lastIndexOf(' ') + 1);
}
