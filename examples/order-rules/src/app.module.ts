import { join } from 'node:path';
import { KunModule } from '@kun/core';
import { protovalidate } from '@kun/core/protovalidate';
import { Module } from '@nestjs/common';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'orders',
      base: join(import.meta.dirname, '..'),
      proto: { path: 'proto/orders.proto' },
      rules: protovalidate(),
    }),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
