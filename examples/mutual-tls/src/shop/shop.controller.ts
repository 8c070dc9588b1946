import { InjectClient } from '@kun/core';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';

interface StockServiceClient {
  count(request: { sku: string }): Promise<{ count: number; asked_by: string }>;
}

@Controller()
export class ShopController {
  constructor(@InjectClient('stock') private readonly stock: StockServiceClient) {}

  @GrpcMethod('ShopService')
  async offer({ sku }: { sku: string }): Promise<{ text: string }> {
    const { count, asked_by: who } = await this.stock.count({ sku });
    return { text: `${count} of ${sku}, said to ${who}` };
  }
}
