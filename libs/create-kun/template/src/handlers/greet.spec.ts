import { StatusCode } from '@kun/core';
import { startTestService, watchLeaks, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../app.module.js';
import type { __Proto__ServiceClient } from '../gen/__proto_path__/__proto_file__.js';

describe('Greet', () => {
  // Whatever the service leaves behind fails the test.
  const leaks = watchLeaks();
  let service: TestService;
  let client: __Proto__ServiceClient;

  beforeAll(async () => {
    // The whole service, on free ports, with the files of conf/; `overrides` win over them.
    service = await startTestService(AppModule, {
      env: { KUN_INSTANCE: 'one' },
      overrides: { Greeting: { Salutation: 'hi' } },
    });
    client = service.client<__Proto__ServiceClient>('__proto_package__.__Proto__Service');
  });

  afterAll(async () => {
    await service.close();
    await leaks.check();
  });

  it('greets by name', async () => {
    expect(await client.greet({ name: 'Ada' })).toEqual({ text: 'hi Ada, this is one' });
  });

  it('refuses an empty name', async () => {
    await expect(client.greet({ name: '' })).rejects.toMatchObject({ code: StatusCode.INVALID_ARGUMENT });
  });
});
