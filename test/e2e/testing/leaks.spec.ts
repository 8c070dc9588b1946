import { createServer } from 'node:net';
import { once } from 'node:events';
import { startTestService, TestLeakError, watchLeaks } from '@kun/core/testing';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { expect, it } from 'vitest';
import { kindsModule } from '../../fixtures/kinds.module.js';
import { kindsController } from '../kinds-controller.js';

it('names what a service leaves behind, and where it was created', async () => {
  const held: { timer?: NodeJS.Timeout } = {};
  @Injectable()
  class Poller {
    constructor() {
      held.timer = setInterval(() => {}, 60_000);
      process.on('SIGUSR2', noop);
    }
  }
  const leaks = watchLeaks();
  const service = await startTestService(
    kindsModule({ controllers: [kindsController({})], providers: [Poller] }),
  );
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  await service.close();
  const failed = leaks.check();
  await expect(failed).rejects.toBeInstanceOf(TestLeakError);
  await expect(failed).rejects.toThrow(/- a timer, created at new Poller .*leaks\.spec\.ts:\d+/);
  await expect(failed).rejects.toThrow('- a listening port, created at ');
  await expect(failed).rejects.toThrow('- 1 more listening to "SIGUSR2" of the process');
  clearInterval(held.timer);
  process.off('SIGUSR2', noop);
  server.close();
});

it('accepts a service that cleans up', async () => {
  @Injectable()
  class Poller implements OnModuleDestroy {
    private readonly timer = setInterval(() => {}, 60_000);
    onModuleDestroy() {
      clearInterval(this.timer);
    }
  }
  await using leaks = watchLeaks();
  const service = await startTestService(
    kindsModule({ controllers: [kindsController({})], providers: [Poller] }),
    { ports: { http: 0 } },
  );
  expect(leaks).toBeDefined();
  // Its connection is kept for later, and is not the service's.
  await fetch(`${service.adminUrl}/readyz`);
  await service.close();
});

function noop(): void {}
