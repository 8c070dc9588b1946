import { join } from 'node:path';
import { KunModule } from '@kun/core';
import { Module } from '@nestjs/common';
import { StockController } from './stock.controller.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'stock',
      base: join(import.meta.dirname, '../..'),
      proto: { package: 'examples.stock.v1', path: 'proto/stock.proto' },
    }),
  ],
  controllers: [StockController],
})
export class StockModule {}
