import { join } from 'node:path';
import { KunClientModule, KunModule } from '@kun/core';
import { Module } from '@nestjs/common';
import { ShopController } from './shop.controller.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'shop',
      base: join(import.meta.dirname, '../..'),
      proto: { package: 'examples.shop.v1', path: 'proto/shop.proto' },
    }),
    KunClientModule.register([
      { name: 'stock', package: 'examples.stock.v1', service: 'StockService', path: 'proto/stock.proto' },
    ]),
  ],
  controllers: [ShopController],
})
export class ShopModule {}
