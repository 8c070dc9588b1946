import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { create, createRegistry, getExtension, setExtension, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack, EmptySchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { InjectClient, KunClientModule, KunModule, type Handlers } from '@kun/core';
import { protobufEs, type Client } from '@kun/core/protobuf-es';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller, Injectable, Module } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EchoService } from '../../fixtures/protobuf-es/gen/echo_pb.js';
import { LeafSchema } from '../../fixtures/protobuf-es/gen/edition_pb.js';
import {
  EntrySchema,
  LedgerService,
  LineSchema,
  Side,
  SummarySchema,
} from '../../fixtures/protobuf-es/gen/ledger_pb.js';
import { Grade, RecordSchema, remark } from '../../fixtures/protobuf-es/gen/old_pb.js';
import type {
  EchoRequest,
  EchoResponse,
  EchoServiceImplementation,
  WatchEvent,
  WatchRequest,
} from '../../fixtures/protobuf-es/gen/ts-proto/echo.js';
import type { LedgerServiceClient } from '../../fixtures/protobuf-es/gen/ts-proto/ledger.js';
import { LedgerController } from '../../fixtures/protobuf-es/ledger.controller.js';
import { ask, TOKEN } from '../admin/admin-port.js';

const run = promisify(execFile);
const BUF = new URL('../../../node_modules/.bin/buf', import.meta.url).pathname;
const FIXTURES = new URL('../../fixtures/protobuf-es/', import.meta.url).pathname;

/** The other kind of messages: ts-proto's types, and the proto file. */
@Controller()
class EchoController implements Handlers<EchoServiceImplementation> {
  @GrpcMethod('EchoService')
  echo({ message }: EchoRequest): EchoResponse {
    return { message, instance: 'ts-proto', path: [] };
  }

  @GrpcMethod('EchoService')
  *watch({ count }: WatchRequest): Generator<WatchEvent> {
    for (let n = 1; n <= count; n++) yield { seq: String(n), message: 'tick', path: ['a'] };
  }

  @GrpcStreamMethod('EchoService')
  async collect(requests: AsyncIterable<EchoRequest>): Promise<EchoResponse> {
    const texts: string[] = [];
    for await (const { message } of requests) texts.push(message);
    return { message: texts.join(' '), instance: 'ts-proto', path: [] };
  }

  @GrpcStreamMethod('EchoService')
  async *chat(requests: AsyncIterable<EchoRequest>): AsyncGenerator<EchoResponse> {
    for await (const { message } of requests) yield { message, instance: 'ts-proto', path: [] };
  }
}

/** Calls each service with the messages of the other kind, and with its own. */
@Injectable()
class Callers {
  constructor(
    @InjectClient('echo-es') readonly echo: Client<typeof EchoService>,
    @InjectClient('ledger-es') readonly ledger: Client<typeof LedgerService>,
    @InjectClient('ledger') readonly plainLedger: LedgerServiceClient,
  ) {}
}

@Module({
  imports: [
    KunModule.forRoot({
      service: 'both',
      base: FIXTURES,
      proto: [
        protobufEs(LedgerService),
        { path: 'echo.proto', includeDirs: [new URL('../../../apps/echo/proto', import.meta.url).pathname] },
      ],
    }),
    KunClientModule.register([
      { name: 'echo-es', proto: protobufEs(EchoService) },
      { name: 'ledger-es', proto: protobufEs(LedgerService) },
      { name: 'ledger', path: 'proto/ledger.proto', service: 'LedgerService' },
    ]),
  ],
  controllers: [LedgerController, EchoController],
  providers: [Callers],
})
class BothModule {}

async function collected<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

describe.each(['kun', 'grpc-js'] as const)('services of both kinds in one process, on %s', (Engine) => {
  let service: TestService;
  let callers: Callers;
  let ledger: LedgerController;

  /** The same service again, whose upstreams are the first. */
  let calling: TestService;

  beforeAll(async () => {
    const start = (Target: string) =>
      startTestService(BothModule, {
        overrides: {
          GRPCServer: { Engine, Reflection: true },
          Admin: { Token: TOKEN },
          Upstreams: { 'echo-es': { Target }, 'ledger-es': { Target }, ledger: { Target } },
        },
      });
    service = await start('127.0.0.1:1');
    calling = await start(service.grpcAddress);
    callers = calling.app.get(Callers);
    ledger = service.app.get(LedgerController);
  });
  afterAll(async () => {
    await calling.close();
    await service.close();
  });
  beforeEach(() => void ledger.received.splice(0));

  it('hands over messages as protobuf-es has them, and back', async () => {
    const entry = create(EntrySchema, {
      account: 'a',
      cents: -(2n ** 62n),
      side: Side.CREDIT,
      source: { case: 'transfer', value: { iban: 'DE0' } },
      tags: { one: 1n },
      bookedAt: create(TimestampSchema, { seconds: 1n, nanos: 2 }),
      receipt: new Uint8Array([1, 2]),
      lines: [{ text: 'x', count: 2 }],
      linesByNumber: { 7: { text: 'seven' } },
      extra: anyPack(LineSchema, create(LineSchema, { text: 'packed' })),
      note: { deep: [1, null, 'b'] },
      memo: '',
      priority: 0,
      serial: 2n ** 64n - 1n,
    });
    const answer = await callers.ledger.book(entry);
    expect(answer).toEqual(entry);
    const [received] = ledger.received as [typeof entry];
    expect(received).toEqual(entry);
    expect(received.$typeName).toBe('kun.test.ledger.v1.Entry');
    expect(received.bookedAt?.$typeName).toBe('google.protobuf.Timestamp');
    expect(Buffer.isBuffer(received.receipt)).toBe(false);
    expect(anyUnpack(received.extra as never, createRegistry(LineSchema))).toMatchObject({ text: 'packed' });
  });

  it('takes what create takes, from handlers and from callers', async () => {
    const answer = await callers.ledger.book({ account: 'b', source: { case: 'card', value: '4' } });
    expect(answer).toMatchObject({ account: 'b', cents: 0n, source: { case: 'card', value: '4' } });
    expect(await collected(callers.ledger.list({ count: 2 }))).toEqual([
      create(EntrySchema, { account: 'a0' }),
      create(EntrySchema, { account: 'a1', cents: 1n }),
    ]);
    expect(await callers.ledger.import([{ cents: 5n }, { cents: 7n }])).toEqual(
      create(SummarySchema, { entries: 2, cents: 12n }),
    );
    const mirrored = await collected(callers.ledger.mirror([{ account: 'c' }, {}]));
    expect(mirrored.map(({ account, checked }) => [account, checked])).toEqual([
      ['c', true],
      ['', true],
    ]);
  });

  it('lets a handler of google.protobuf.Empty return nothing', async () => {
    expect(await callers.ledger.forget({ count: 1 })).toEqual(create(EmptySchema));
  });

  it('has proto2 and editions, what they do not know included', async () => {
    const record = create(RecordSchema, { key: 'k', grade: Grade.BAD, part: [{ name: 'p' }] });
    setExtension(record, remark, 'kept');
    record.$unknown = [...(record.$unknown ?? []), { no: 50, wireType: 0, data: new Uint8Array([5]) }];
    const answer = await callers.ledger.get_old(record);
    expect(answer).toMatchObject({ key: 'k', weight: 7, grade: Grade.BAD, part: [{ name: 'p' }] });
    expect(Object.hasOwn(answer, 'weight')).toBe(false);
    expect(getExtension(answer, remark)).toBe('kept');
    expect(toBinary(RecordSchema, answer)).toEqual(toBinary(RecordSchema, record));
    const leaf = { implicitText: '', text: '', child: { text: 'inner' }, numbers: [1, 2] };
    expect(await callers.ledger.edition(leaf)).toEqual(create(LeafSchema, leaf));
  });

  it('is called by a client of ts-proto', async () => {
    const answer = await callers.plainLedger.book({
      account: 'plain',
      cents: '-12',
      side: 'SIDE_DEBIT',
      transfer: { iban: 'DE1', secret: '' },
      tags: { one: '1' },
      booked_at: new Date(1500),
    });
    expect(ledger.received).toMatchObject([
      {
        $typeName: 'kun.test.ledger.v1.Entry',
        cents: -12n,
        side: Side.DEBIT,
        source: { case: 'transfer', value: { iban: 'DE1' } },
        bookedAt: { seconds: 1n, nanos: 500_000_000 },
      },
    ]);
    expect(answer).toMatchObject({
      account: 'plain',
      cents: '-12',
      side: 'SIDE_DEBIT',
      transfer: { iban: 'DE1' },
      tags: { one: '1' },
      booked_at: new Date(1500),
    });
    expect(await callers.plainLedger.forget({ count: 1 })).toEqual({});
    expect(await collected(callers.plainLedger.list({ count: 1 }))).toMatchObject([{ account: 'a0' }]);
  });

  it('calls a service of ts-proto', async () => {
    expect(await callers.echo.echo({ message: 'hello' })).toMatchObject({
      $typeName: 'kun.echo.v1.EchoResponse',
      message: 'hello',
      instance: 'ts-proto',
    });
    const events = await collected(callers.echo.watch({ count: 2 }));
    expect(events.map(({ seq }) => seq)).toEqual([1n, 2n]);
    expect(await callers.echo.collect([{ message: 'a' }, { message: 'b' }])).toMatchObject({
      message: 'a b',
    });
    expect(await collected(callers.echo.chat([{ message: 'a' }]))).toMatchObject([{ message: 'a' }]);
  });

  it('is described to tools that ask for reflection', async () => {
    const path = `http://${service.grpcAddress}/kun.test.ledger.v1.LedgerService/List`;
    const { stdout } = await run(BUF, [
      'curl',
      '--http2-prior-knowledge',
      '--protocol',
      'grpc',
      '-d',
      '{"count":2}',
      path,
    ]);
    expect(stdout.replaceAll(/\s+/g, '')).toBe('{"account":"a0"}{"account":"a1","cents":"1"}');
  });

  it('is shown and called on the admin port', async () => {
    const { services } = (await ask(service.adminUrl, '/methods')).json<{
      services: Array<{ name: string; methods: Array<{ name: string }> }>;
    }>();
    const described = services.find(({ name }) => name === LedgerService.typeName);
    expect(described?.methods.map(({ name }) => name)).toEqual(LedgerService.methods.map(({ name }) => name));
    const called = await ask(service.adminUrl, '/call', {
      method: 'POST',
      token: TOKEN,
      body: {
        method: '/kun.test.ledger.v1.LedgerService/Book',
        messages: [{ account: 'page', cents: '3', transfer: { iban: 'DE2' }, memo: 'm' }],
      },
    });
    expect(called.text).toContain('"iban":"DE2"');
    expect(ledger.received).toMatchObject([{ cents: 3n, source: { case: 'transfer' } }]);
  });
});
