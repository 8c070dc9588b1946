import { StatusCode } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../app.module.js';
import type { __Client__ } from '../gen/__gen__.js';

describe('__Rpc__', () => {
  let service: TestService;
  let client: __Client__;

  beforeAll(async () => {
    service = await startTestService(AppModule);
    client = service.client<__Client__>('__proto_package__.__ProtoService__');
  });

  afterAll(async () => {
    await service.close();
  });

  it('is not written yet', async () => {
    const call = __call__;
    await expect(call()).rejects.toMatchObject({ code: StatusCode.UNIMPLEMENTED });
  });
});
