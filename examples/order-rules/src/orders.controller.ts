import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';

interface Order {
  readonly customer: string;
  readonly items: ReadonlyArray<{ readonly article: string; readonly pieces: number }>;
}

interface Receipt {
  readonly orders: number;
  readonly pieces: number;
}

/** Needs no look at what it is given: whatever comes here keeps the rules of the proto. */
@Controller()
export class OrdersController {
  @GrpcMethod('OrdersService')
  place({ items }: Order): Receipt {
    return { orders: 1, pieces: items.reduce((sum, { pieces }) => sum + pieces, 0) };
  }

  @GrpcStreamMethod('OrdersService')
  async placeAll(orders: AsyncIterable<Order>): Promise<Receipt> {
    const total = { orders: 0, pieces: 0 };
    for await (const order of orders) {
      total.orders++;
      total.pieces += this.place(order).pieces;
    }
    return total;
  }
}
