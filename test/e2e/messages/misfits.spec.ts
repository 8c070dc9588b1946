import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status as Code, type Client } from '@grpc/grpc-js';
import { InjectClient, KunClientModule, KunModule } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller, Module } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

const PROTO = `syntax = "proto3"; package shop.v1;
import "google/protobuf/timestamp.proto";
enum Size { SIZE_UNSPECIFIED = 0; SMALL = 1; }
message Price { string currency = 1; int64 minor_units = 2; }
message Item { string sku_name = 1; Price price = 2; Size size = 3; }
message Cart { repeated Item items = 1; google.protobuf.Timestamp made_at = 2; string note = 3; }
service Shop { rpc Get(Cart) returns (Cart); rpc List(Cart) returns (stream Cart); rpc Pass(Cart) returns (Cart); }
service Far { rpc Get(Cart) returns (Cart); rpc Put(stream Cart) returns (Cart); }`;

const base = mkdtempSync(join(tmpdir(), 'kun-misfits-'));
writeFileSync(join(base, 'shop.proto'), PROTO);
mkdirSync(join(base, 'conf', 'shop'), { recursive: true });
writeFileSync(join(base, 'conf', 'shop', 'public.yaml'), 'Logger: { Level: info }\n');
afterAll(() => rmSync(base, { recursive: true }));

type Answer = { code: number; details: string } | { message: unknown };

const MISFIT = { items: [{ sku_name: 'a' }, { price: { currency: 5 } }] };

let service: TestService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

async function start(
  reply: (cart: object) => unknown,
  request: unknown = {},
  overrides: Record<string, object> = {},
  forms: object = {},
): Promise<TestService> {
  const path = 'shop.proto';
  @Controller()
  class ShopController {
    constructor(
      @InjectClient('far') private readonly far: Record<'get' | 'put', (sent: unknown) => Promise<unknown>>,
    ) {}

    @GrpcMethod('Shop', 'Get')
    get(cart: object) {
      return reply(cart);
    }

    @GrpcMethod('Shop', 'List')
    async *list() {
      yield { note: 'first' };
      yield reply({});
    }

    @GrpcMethod('Shop', 'Pass')
    pass({ note }: { note: string }) {
      // eslint-disable-next-line @typescript-eslint/require-await
      const stream = async function* () {
        yield request;
      };
      return note === 'stream' ? this.far.put(stream()) : this.far.get(request);
    }
  }
  @Module({
    imports: [
      KunModule.forRoot({ service: 'shop', base, proto: { path, services: ['Shop'], ...forms } }),
      KunClientModule.register([{ name: 'far', path, service: 'Far', target: '127.0.0.1:1', ...forms }]),
    ],
    controllers: [ShopController],
  })
  class ShopModule {}
  service = await startTestService(ShopModule, { overrides });
  return service;
}

function ask(running: TestService, method: 'Get' | 'Pass', request: object = {}): Promise<Answer> {
  const client = running.grpcClient<
    Client & Record<string, (sent: object, done: (error: Answer | null, message: unknown) => void) => void>
  >('shop.v1.Shop');
  return new Promise((resolve) =>
    client[method]?.(request, (error, message) =>
      resolve(error && 'code' in error ? { code: error.code, details: error.details } : { message }),
    ),
  );
}

describe('a reply that does not fit the proto', () => {
  it('is INTERNAL, and one line says the method and the field', async () => {
    const running = await start(() => MISFIT);
    expect(await ask(running, 'Get')).toEqual({
      code: Code.INTERNAL,
      details: 'the response of /shop.v1.Shop/Get does not fit its proto',
    });
    const lines = running.logs.lines.filter((line) =>
      JSON.stringify(line).includes('items[1].price.currency'),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'error', 'grpc.service': 'shop.v1.Shop', 'grpc.method': 'Get' });
    expect(JSON.stringify(lines[0])).toContain('expected text, found 5');
  });

  it('ends a stream after what fitted', async () => {
    const running = await start(() => ({ madeAt: new Date() }));
    const client = running.grpcClient<Client & { List(request: object): AsyncIterable<unknown> }>(
      'shop.v1.Shop',
    );
    const seen: unknown[] = [];
    const failed = await (async () => {
      for await (const cart of client.List({})) seen.push(cart);
    })().catch((error: unknown) => error);
    expect(seen).toHaveLength(1);
    expect(failed).toMatchObject({ code: Code.INTERNAL });
    expect(JSON.stringify(running.logs.lines)).toContain('madeAt: no such field; did you mean made_at?');
  });

  it('goes out without what does not fit where the configuration says so', async () => {
    const running = await start(
      () => ({ ...MISFIT, extra: 1 }),
      {},
      { GRPCServer: { StrictMessages: false } },
    );
    const { message } = (await ask(running, 'Get')) as {
      message: { items: Array<{ price: { currency: string } }> };
    };
    expect(message.items[1]?.price.currency).toBe('5');
  });
});

describe('a request of a client that does not fit the proto', () => {
  it.each(['', 'stream'])('is never sent, and shows nothing of the upstream to callers: %s', async (note) => {
    const running = await start(() => ({}), MISFIT);
    expect(await ask(running, 'Pass', { note })).toEqual({
      code: Code.INTERNAL,
      details: 'Internal server error',
    });
    const lines = running.logs.lines.filter(
      (line) => (line as { 'grpc.service'?: string })['grpc.service'] === 'shop.v1.Far',
    );
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines[0])).toContain('items[1].price.currency: expected text, found 5');
  });
});

describe('messages in other forms', () => {
  it('arrive as asked, and go out from there', async () => {
    const seen: unknown[] = [];
    const cart = {
      items: [{ skuName: 'a', price: { currency: '', minorUnits: 7n }, size: 1 }],
      madeAt: new Date(1500),
      note: '',
    };
    const echo = (received: object) => (seen.push(received), received);
    const running = await start(echo, {}, {}, { fieldNames: 'camel', longs: 'bigint', enums: 'number' });
    expect(await ask(running, 'Get', cart)).toStrictEqual({ message: cart });
    expect(seen).toStrictEqual([cart]);
  });

  it('are refused at start when there is no such form', async () => {
    await expect(start(() => ({}), {}, {}, { longs: 'Number' })).rejects.toThrow(
      'proto.longs is one of string, number, bigint, not "Number"',
    );
  });
});
