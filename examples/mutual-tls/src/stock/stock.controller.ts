import { callerIdentity } from '@kun/core';
import { Controller, UseGuards } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { ShopOnly } from './shop-only.guard.js';

@Controller()
@UseGuards(ShopOnly)
export class StockController {
  private readonly counts: ReadonlyMap<string, number> = new Map([['A-1', 7]]);

  @GrpcMethod('StockService')
  count({ sku }: { sku: string }): { count: number; asked_by: string } {
    return { count: this.counts.get(sku) ?? 0, asked_by: callerIdentity()?.commonName ?? '' };
  }
}
