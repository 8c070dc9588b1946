import { Injectable, Module } from '@nestjs/common';
import { InjectClient, KunClientModule, type UpstreamOptions } from '@kun/core';
import { startTestService } from '@kun/core/testing';
import { describe, expect, it } from 'vitest';
import { kindsModule } from '../../fixtures/kinds.module.js';
import { kindsController } from '../kinds-controller.js';
import { sumOf } from '../metrics-text.js';
import { startLinked, type KindsClient } from './linked-service.js';

const NEXT: UpstreamOptions = { name: 'next', service: 'Kinds', package: 'kun.test.v1', path: 'kinds.proto' };

@Injectable()
class Carts {
  constructor(@InjectClient('next') readonly next: KindsClient) {}
}
@Module({ imports: [KunClientModule.register([{ ...NEXT }])], providers: [Carts], exports: [Carts] })
class CartsModule {}

@Injectable()
class Orders {
  constructor(@InjectClient('next') readonly next: KindsClient) {}
}
const ordersModule = (options: Partial<UpstreamOptions>) => {
  @Module({
    imports: [KunClientModule.register([{ ...NEXT, ...options }])],
    providers: [Orders],
    exports: [Orders],
  })
  class OrdersModule {}
  return OrdersModule;
};

const start = async (target: string, options: Partial<UpstreamOptions> = {}, upstream: object = {}) => {
  let carts!: Carts;
  let orders!: Orders;
  const service = await startTestService(
    kindsModule({
      controllers: [kindsController({})],
      imports: [CartsModule, ordersModule(options)],
    }),
    {
      overrides: { Upstreams: { next: { Target: target, ...upstream } } },
      prepare(app) {
        carts = app.get(Carts);
        orders = app.get(Orders);
      },
    },
  );
  return { service, carts, orders };
};

describe('an upstream that two modules register', () => {
  it('is one: one client, one channel, one count', async () => {
    await using last = await startLinked({ handlers: { unary: ({ text }) => ({ text }) } });
    const { service, carts, orders } = await start(last.grpcAddress);
    try {
      expect(carts.next).toBe(orders.next);
      await carts.next.unary({ text: 'a' });
      await orders.next.unary({ text: 'b' });
      expect(sumOf(await service.metrics(), 'kun_client_calls_total', { upstream: 'next' })).toBe(2);
    } finally {
      await service.close();
    }
  });

  it('is one behind a sidecar, whose check it adds once', async () => {
    await using last = await startLinked({ handlers: { unary: ({ text }) => ({ text }) } });
    const port = Number(last.grpcAddress.split(':').at(-1));
    const { service, orders } = await start('next.shop:50051', {}, { WithProxyPort: port });
    try {
      await expect(orders.next.unary({ text: 'a' })).resolves.toMatchObject({ text: 'a' });
    } finally {
      await service.close();
    }
  });

  it('is refused with both places when they differ in what they say of it', async () => {
    const starting = start('localhost:1', { channelOptions: { 'grpc.client_idle_timeout_ms': 1 } });
    await expect(starting).rejects.toThrow(
      /upstream "next" is registered twice, with different channelOptions: at .*registrations\.spec\.ts:\d+:\d+ and at .*registrations\.spec\.ts:\d+:\d+; make them the same, or give one of them another name/,
    );
  });
});
