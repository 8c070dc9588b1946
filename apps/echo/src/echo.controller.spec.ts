import { join } from 'node:path';
import { StatusCode, type Handlers } from '@kun/core';
import {
  expectLine,
  expectMetric,
  FakeClock,
  startInProcess,
  startTestService,
  startTestUpstream,
  watchLeaks,
  type LeakWatch,
} from '@kun/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppModule } from './app.module.js';
import type { EchoServiceClient, EchoServiceImplementation } from './gen/echo.js';

const ECHO = 'kun.echo.v1.EchoService';

let leaks: LeakWatch;
beforeEach(() => void (leaks = watchLeaks()));
afterEach(() => leaks.check());

describe('Echo', () => {
  it('answers with the greeting of the configuration and its own name', async () => {
    const service = await startInProcess(AppModule, {
      env: { KUN_INSTANCE: 'one' },
      overrides: { Echo: { Greeting: 'hello ' } },
    });
    const answer = await service.client<EchoServiceClient>(ECHO).echo({ message: 'Ada' });
    expect(answer).toEqual({ message: 'hello Ada', instance: 'one', path: ['one'] });
    await service.close();
  });

  it('fails as it is asked, which shows in the line and in the metric', async () => {
    const service = await startInProcess(AppModule);
    const failed = service.client<EchoServiceClient>(ECHO).echo({ message: 'x', fail_code: 5 });
    await expect(failed).rejects.toMatchObject({ code: StatusCode.NOT_FOUND });
    await expectLine(service.logs, { msg: 'finished call', 'grpc.method': 'Echo', 'grpc.code': 'NotFound' });
    const labels = { grpc_method: 'Echo', grpc_code: 'NotFound' };
    await expectMetric(service, 'grpc_server_handled_total', labels, 1);
    await service.close();
  });

  it('stops waiting when nobody waits for the response any more', async () => {
    const clock = new FakeClock();
    const service = await startInProcess(AppModule, { clock });
    const echo = service.client<EchoServiceClient>(ECHO);
    const late = echo
      .echo({ message: 'x', delay_ms: 3_600_000 }, { timeoutMs: 500 })
      .catch((error: unknown) => error);
    const call = await service.calls.next('Echo');
    await clock.advance(500);
    expect(await late).toMatchObject({ code: StatusCode.DEADLINE_EXCEEDED });
    await call.aborted;
    await service.idle();
    await service.close();
  });

  it('lets a call end that is in flight when the stop begins', async () => {
    const service = await startInProcess(AppModule);
    const answer = service.client<EchoServiceClient>(ECHO).echo({ message: 'x', delay_ms: 50 });
    await service.calls.next('Echo');
    const { report } = service.beginStop();
    expect(await answer).toMatchObject({ message: 'x' });
    expect(await report).toMatchObject({ clean: true, facts: { drained: 1 } });
  });
});

describe('the upstream next', () => {
  it('is where hops go, and its failures are passed on as they are', async () => {
    const handlers: Pick<Handlers<EchoServiceImplementation>, 'echo'> = {
      echo: ({ message, hops }) => ({ message, instance: 'next', path: [`next ${hops}`] }),
    };
    const next = await startTestUpstream({
      path: join(import.meta.dirname, '../proto/echo.proto'),
      handlers,
    });
    const service = await startTestService(AppModule, {
      env: { KUN_INSTANCE: 'one' },
      overrides: { Upstreams: { next: { Target: next.address, Retry: { MaxAttempts: 1 } } } },
    });
    const echo = service.client<EchoServiceClient>(ECHO);
    expect((await echo.echo({ message: 'a', hops: 2 })).path).toEqual(['one', 'next 1']);

    next.failWith(StatusCode.RESOURCE_EXHAUSTED, { times: 1 });
    await expect(echo.echo({ hops: 1 })).rejects.toMatchObject({ code: StatusCode.RESOURCE_EXHAUSTED });
    next.resetConnections({ times: 1 });
    await expect(echo.echo({ hops: 1 })).rejects.toMatchObject({ code: StatusCode.UNAVAILABLE });
    expect(next.calls.count('Echo')).toBe(3);
    await service.close();
    await next.close();
  });
});
