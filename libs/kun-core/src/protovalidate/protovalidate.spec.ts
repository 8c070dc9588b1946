import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { create, createFileRegistry, fromBinary, type DescService } from '@bufbuild/protobuf';
import * as wkt from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { Controller, Module, UseGuards, type CanActivate, type Type } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DescriptorIndex } from '../proto/descriptor/descriptor-index.js';
import { fileRegistry } from '../proto/descriptor/file-registry.js';
import { parseProtos } from '../proto/files/parse-protos.js';
import { readProtoFiles } from '../proto/files/proto-files.js';
import { protobufEs } from '../protobuf-es/protobuf-es.js';
import { findDetail } from '../status/wire/service-error.js';
import { StatusError } from '../status/status-error.js';
import { startTestService } from '../testing/service/start-service.js';
import type { TestService } from '../testing/service/running-service.js';
import { KunModule } from '../wiring/kun.module.js';
import { protovalidate } from './protovalidate.js';

/** The same for both kinds of messages, but for its package. */
const proto = (name: string, rules = '') => `syntax = "proto3";
package ${name};
import "buf/validate/validate.proto";
service Orders {
  rpc Place(Order) returns (Answer);
  rpc Collect(stream Order) returns (Answer);
  rpc Chat(stream Order) returns (stream Answer);
  rpc Free(Answer) returns (Answer);
}
message Order {
  string name = 1 [(buf.validate.field).string.min_len = 3];
  repeated Line lines = 2 [(buf.validate.field).repeated.max_items = 100];
  int32 divisor = 3;
  ${rules}
  option (buf.validate.message).cel = {
    id: "order.named", message: "a big order has a long name",
    expression: "size(this.lines) < 2 || size(this.name) > 4"
  };
  option (buf.validate.message).cel = {
    id: "order.divided", message: "cannot be divided", expression: "10 / this.divisor > 0"
  };
}
message Line { map<string, int64> counts = 1 [(buf.validate.field).map.values.int64.gte = 0]; }
message Answer { string text = 1; }
`;

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'kun-rules-'));
  mkdirSync(join(base, 'conf/orders'), { recursive: true });
  writeFileSync(join(base, 'conf/orders/public.yaml'), '{}');
  for (const name of ['files', 'code']) writeFileSync(join(base, `${name}.proto`), proto(name));
});
afterAll(() => rmSync(base, { recursive: true }));

/** What protoc-gen-es would have generated, without its types. */
function generated(): DescService {
  const schema = parseProtos(readProtoFiles([join(base, 'code.proto')], []));
  const file = new DescriptorIndex([schema]).fileNamed('code.proto');
  const service =
    file && fileRegistry(file, { create, createFileRegistry, fromBinary, wkt }).getService('code.Orders');
  if (!service) throw new Error('there is no such service');
  return service;
}

/** What reached a handler or was asked by a guard. */
let ran: string[];
beforeEach(() => (ran = []));

class Guard implements CanActivate {
  canActivate(): boolean {
    ran.push('guard');
    return true;
  }
}

interface Order {
  readonly name: string;
}

function controllerOf(name: string, lastOf: typeof GrpcStreamMethod): Type {
  @Controller()
  @UseGuards(Guard)
  class Orders {
    @GrpcMethod(`${name}.Orders`)
    place(order: Order) {
      ran.push(order.name);
      return { text: order.name };
    }

    @GrpcStreamMethod(`${name}.Orders`)
    async collect(orders: AsyncIterable<Order>) {
      for await (const order of orders) ran.push(order.name);
      return { text: ran.join(' ') };
    }

    @lastOf(`${name}.Orders`)
    chat(orders: Duplex & AsyncIterable<Order>) {
      if (lastOf === GrpcStreamMethod) return this.each(orders);
      orders.on('data', ({ name: text }: Order) => orders.write({ text }));
      orders.on('end', () => orders.end());
      orders.on('error', () => {});
      return undefined;
    }

    @GrpcMethod(`${name}.Orders`)
    free(answer: object) {
      return answer;
    }

    private async *each(orders: AsyncIterable<Order>) {
      for await (const { name: text } of orders) yield { text };
    }
  }
  return Orders;
}

function moduleOf(rules = protovalidate()): Type {
  @Module({
    imports: [
      KunModule.forRoot({
        service: 'orders',
        base,
        proto: [{ path: 'files.proto' }, protobufEs(generated())],
        rules,
      }),
    ],
    controllers: [controllerOf('files', GrpcStreamMethod), controllerOf('code', GrpcStreamCall)],
  })
  class OrdersModule {}
  return OrdersModule;
}

interface Client {
  place(order: object): Promise<{ text: string }>;
  collect(orders: readonly object[]): Promise<{ text: string }>;
  chat(orders: readonly object[]): AsyncIterable<{ text: string }>;
  free(answer: object): Promise<{ text: string }>;
}

async function refusal(call: Promise<unknown>): Promise<StatusError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof StatusError) return error;
  throw new Error('it was not refused', { cause: error });
}

async function all(messages: AsyncIterable<{ text: string }>): Promise<Array<{ text: string }>> {
  const found: Array<{ text: string }> = [];
  for await (const message of messages) found.push(message);
  return found;
}

const good = (name: string) => ({ name, divisor: 1 });

describe.each(['kun', 'grpc-js'])('requests that are held to the rules of their proto, on %s', (Engine) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService(moduleOf(), { overrides: { GRPCServer: { Engine } } });
  });
  afterAll(() => service.close());
  afterEach(() => ran.splice(0));

  describe.each(['files', 'code'])('messages of %s', (kind) => {
    const client = () => service.client<Client>(`${kind}.Orders`);

    it('pass when they keep them, and methods without rules take anything', async () => {
      expect(await client().place(good('abc'))).toMatchObject({ text: 'abc' });
      expect(await client().collect([good('abc'), good('def')])).toMatchObject({ text: expect.any(String) });
      expect((await all(client().chat([good('abc')]))).map(({ text }) => text)).toEqual(['abc']);
      expect(await client().free({ text: '' })).toMatchObject({ text: '' });
    });

    it('are refused with each violation, its field and its rule, after the guards', async () => {
      const lines = [{}, { counts: kind === 'code' ? { a: -1n } : { a: -1 } }];
      const error = await refusal(client().place({ ...good('ab'), lines }));
      expect(error.code).toBe(status.INVALID_ARGUMENT);
      expect(findDetail(error, 'google.rpc.BadRequest')?.fieldViolations).toMatchObject([
        { field: 'name', description: expect.stringContaining('[string.min_len]') },
        { field: 'lines[1].counts["a"]', description: expect.stringContaining('[int64.gte]') },
        { field: '', description: 'a big order has a long name [order.named]' },
      ]);
      expect(error.message).toContain(`${kind}.Order: name: `);
      expect(error.message).toContain('and 2 more violations');
      expect(ran).toEqual(['guard']);
    });

    it('are refused one by one in a stream', async () => {
      const collected = await refusal(client().collect([good('abc'), good('x'), good('def')]));
      expect(collected.code).toBe(status.INVALID_ARGUMENT);
      expect(ran).toEqual(['guard', 'abc']);
      const chatted = await refusal(all(client().chat([good('abc'), good('x')])));
      expect(chatted.code).toBe(status.INVALID_ARGUMENT);
      expect(findDetail(chatted, 'google.rpc.BadRequest')?.fieldViolations).toMatchObject([
        { field: 'name' },
      ]);
    });

    it('end the call with INTERNAL and without the reason where a rule fails itself', async () => {
      const error = await refusal(client().place({ name: 'abc', divisor: 0 }));
      expect(error.code).toBe(status.INTERNAL);
      expect(error.message).not.toMatch(/divi|zero/);
      expect(ran).toEqual(['guard']);
    });

    it('are told of within bounds', async () => {
      const value = kind === 'code' ? -1n : -1;
      const counts = Object.fromEntries(
        Array.from({ length: 2000 }, (_, n) => [`${n}${'x'.repeat(500)}`, value]),
      );
      const error = await refusal(client().place({ ...good('long enough'), lines: [{ counts }] }));
      const { fieldViolations = [] } = findDetail(error, 'google.rpc.BadRequest') ?? {};
      expect(fieldViolations).toHaveLength(16);
      expect(fieldViolations.every(({ field }) => field.length < 200)).toBe(true);
      expect(error.message).toContain('and 1999 more violations');
    });
  });
});

describe('a rule that cannot be compiled', () => {
  it.each([
    [
      'string bad = 9 [(buf.validate.field).cel = { id: "bad", message: "m", expression: "this >" }];',
      'Order.bad',
    ],
    ['int32 bad = 9 [(buf.validate.field).string.min_len = 1];', 'Order.bad'],
    [
      'Inner bad = 9; message Inner { int32 worse = 1 [(buf.validate.field).int64.gt = 1]; }',
      'Order.Inner.worse',
    ],
    ['option (buf.validate.message).cel = { id: "bad", message: "m", expression: "(" };', 'Order'],
    ['option (buf.validate.message).oneof = { fields: ["missing"] };', 'Order'],
  ])('refuses the start with its proto, message and field: %s', async (rule, place) => {
    writeFileSync(join(base, 'broken.proto'), proto('broken', rule));
    @Module({
      imports: [
        KunModule.forRoot({
          service: 'orders',
          base,
          proto: { path: 'broken.proto' },
          rules: protovalidate(),
        }),
      ],
      controllers: [controllerOf('broken', GrpcStreamMethod)],
    })
    class BrokenModule {}
    await expect(startTestService(BrokenModule)).rejects.toThrow(
      `broken.proto: broken.${place}: a rule cannot be compiled: `,
    );
  });
});
