import { status } from '@grpc/grpc-js';
import { findDetail, StatusError } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildExample, rootOf } from './build-example.js';

interface Receipt {
  readonly orders: number;
  readonly pieces: number;
}

interface Orders {
  place(order: object): Promise<Receipt>;
  placeAll(orders: readonly object[]): Promise<Receipt>;
}

const good = { customer: 'ada@example.org', items: [{ article: 'AB-1234', pieces: 60 }] };

describe('examples/order-rules', () => {
  let service: TestService;
  let orders: Orders;

  beforeAll(async () => {
    const load = await buildExample('order-rules');
    service = await startTestService(rootOf(await load('app.module.js'), 'AppModule'));
    orders = service.client<Orders>('examples.orders.v1.OrdersService');
  });
  afterAll(() => service.close());

  it('takes what keeps the rules', async () => {
    expect(await orders.place(good)).toEqual({ orders: 1, pieces: 60 });
    expect(await orders.placeAll([good, good])).toEqual({ orders: 2, pieces: 120 });
  });

  it('says of what does not which field breaks which rule', async () => {
    const items = [...good.items, ...good.items, { article: 'nothing', pieces: 50 }];
    expect(await violations(orders.place({ customer: 'ada', items }))).toEqual([
      ['customer', 'string.email'],
      ['items[2].article', 'string.pattern'],
      ['', 'order.articles'],
    ]);
    expect(await violations(orders.placeAll([good, { ...good, items: [] }]))).toEqual([
      ['items', 'repeated.min_items'],
    ]);
  });

  async function violations(call: Promise<unknown>): Promise<unknown> {
    const error = await call.catch((thrown: unknown) => thrown);
    if (!(error instanceof StatusError)) throw new Error('it was not refused');
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    const { fieldViolations = [] } = findDetail(error, 'google.rpc.BadRequest') ?? {};
    return fieldViolations.map(({ field, description }) => [field, / \[([\w.]+)\]$/.exec(description)?.[1]]);
  }
});
