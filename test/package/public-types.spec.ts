import { create, type MessageShape } from '@bufbuild/protobuf';
import { Metadata, type ServerDuplexStream, type ServerUnaryCall } from '@grpc/grpc-js';
import { ConfigSection, Secret } from '@kun/config';
import {
  badRequest,
  contextKey,
  currentCall,
  findDetail,
  InjectClient,
  invalidArgument,
  KunClientModule,
  KunModule,
  notFound,
  only,
  retryInfo,
  StatusCode,
  StatusError,
  type Ending,
  type Interceptor,
  type Live,
  type ResolvedSettings,
  type RpcCall,
  type StopReport,
} from '@kun/core';
import { protobufEs, Rpc, type Client, type ServiceImpl } from '@kun/core/protobuf-es';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller, Injectable, type DynamicModule } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { EchoService } from '../fixtures/protobuf-es/gen/echo_pb.js';
import {
  EntrySchema,
  LedgerService,
  SummarySchema,
  type Entry,
  type ListRequest,
  type Summary,
} from '../fixtures/protobuf-es/gen/ledger_pb.js';

// Held by `npm run types`: what must compile does, and each @ts-expect-error is in use. What would run is not called.

const proto = { package: 'acme.v1', path: 'acme.proto' };

interface Stock {
  readonly level: (request: { item: string }) => Promise<{ count: number }>;
}

describe('the types that users write against', () => {
  it('of the modules', () => {
    const modules = () => [
      KunModule.forRoot({ service: 'shop', proto }),
      KunModule.forRoot({ service: 'shop', proto: [proto, { ...proto, services: ['Shop'] }] }),
      KunModule.forRootAsync({
        inject: ['FLAG'],
        useFactory: () => Promise.resolve({ service: 'shop', proto }),
      }),
      KunClientModule.register([{ name: 'stock', ...proto, service: 'Stock' }]),
      // @ts-expect-error a misspelt option
      KunModule.forRoot({ service: 'shop', proto, interceptor: [] }),
      // @ts-expect-error without protos
      KunModule.forRoot({ service: 'shop' }),
      // @ts-expect-error the factory makes no protos
      KunModule.forRootAsync({ useFactory: () => ({ service: 'shop' }) }),
      // @ts-expect-error without a name
      KunClientModule.register([{ ...proto, service: 'Stock' }]),
    ];
    expectTypeOf(modules).returns.toEqualTypeOf<DynamicModule[]>();
  });

  it('of handlers, as Nest has them, and of clients that are injected', () => {
    @Controller()
    class Shop {
      @GrpcMethod('Shop', 'Get')
      get(request: { item: string }, metadata: Metadata, call: ServerUnaryCall<object, object>): object {
        return { item: request.item, tenant: metadata.get('tenant'), peer: call.getPeer() };
      }

      @GrpcStreamMethod('Shop', 'Watch')
      watch(items: Observable<object>): Observable<object> {
        return items;
      }

      @GrpcStreamCall('Shop', 'Chat')
      chat(stream: ServerDuplexStream<object, object>): void {
        stream.end();
      }
    }
    @Injectable()
    class Orders {
      constructor(@InjectClient('stock') readonly stock: Stock) {}
    }
    expectTypeOf<Shop['get']>().parameter(1).toEqualTypeOf<Metadata>();
    expectTypeOf<Orders['stock']['level']>().returns.resolves.toEqualTypeOf<{ count: number }>();
    // @ts-expect-error a client without a name
    expect(() => InjectClient()).toBeTypeOf('function');
  });

  it('of handlers and clients of protobuf-es', () => {
    class Partly implements Pick<ServiceImpl<typeof LedgerService>, 'book' | 'list' | 'import' | 'forget'> {
      @Rpc(LedgerService.method.book)
      book(entry: Entry, metadata: Metadata, call: ServerUnaryCall<Entry, Entry>): Promise<Entry> {
        return Promise.resolve({ ...entry, account: `${metadata.get('a').join()} ${call.getPeer()}` });
      }

      // Whatever the method is called, and in what `create` takes.
      @Rpc(LedgerService.method.book)
      other({ account }: Pick<Entry, 'account'>) {
        return { account, source: { case: 'card' as const, value: '1' } };
      }

      @Rpc(LedgerService.method.list)
      list({ count }: ListRequest) {
        return Array.from({ length: count }, (_, n) => create(EntrySchema, { cents: BigInt(n) }));
      }

      @Rpc(LedgerService.method.import)
      async import(entries: Observable<Entry>): Promise<Summary> {
        expectTypeOf(entries).toEqualTypeOf<Observable<Entry>>();
        return create(SummarySchema, { cents: await Promise.resolve(1n) });
      }

      @Rpc(LedgerService.method.forget)
      forget(): void {}
    }
    class Wrong {
      // @ts-expect-error the request is no Summary
      @Rpc(LedgerService.method.book)
      book(request: Summary): Summary {
        return request;
      }

      // @ts-expect-error an int64 is a bigint
      @Rpc(LedgerService.method.import)
      import() {
        return { cents: 5 };
      }

      // @ts-expect-error a single entry is no stream of them
      @Rpc(LedgerService.method.list)
      list(): Entry {
        return create(EntrySchema);
      }

      // @ts-expect-error the entries come as a stream
      @Rpc(LedgerService.method.mirror)
      mirror(entry: Entry): Entry[] {
        return [entry];
      }

      // @ts-expect-error a response with fields is to be given
      @Rpc(LedgerService.method.import)
      nothing(): void {}
    }
    // @ts-expect-error the other methods are lacking
    class Lacking extends Partly implements ServiceImpl<typeof LedgerService> {}
    expect([Wrong, Lacking]).toHaveLength(2);

    type Ledger = Client<typeof LedgerService>;
    expectTypeOf<Ledger['book']>().returns.resolves.toEqualTypeOf<Entry>();
    expectTypeOf<ReturnType<Ledger['list']>>().toExtend<AsyncIterable<Entry>>();
    expectTypeOf<Awaited<ReturnType<Ledger['import']>>>().toEqualTypeOf<MessageShape<typeof SummarySchema>>();
    const calls = (ledger: Ledger) => [
      ledger.book({ account: 'a' }, { timeoutMs: 5 }),
      ledger.import([create(EntrySchema), { cents: 1n }]),
      // @ts-expect-error a misspelt field
      ledger.book({ acount: 'a' }),
      // @ts-expect-error a oneof is { case, value }
      ledger.book({ card: '1' }),
      // @ts-expect-error a single request
      ledger.import({ cents: 1n }),
      // @ts-expect-error there is no such method
      ledger.look({}),
    ];
    const modules = () => [
      KunModule.forRoot({ service: 'shop', proto: protobufEs(EchoService, LedgerService) }),
      KunModule.forRoot({ service: 'shop', proto: [proto, protobufEs(EchoService)] }),
      KunClientModule.register([
        { name: 'ledger', proto: protobufEs(LedgerService), target: 'ledger:9090' },
        { name: 'stock', ...proto, service: 'Stock' },
      ]),
      KunClientModule.registerAsync([
        { name: 'ledger', useFactory: () => ({ proto: protobufEs(LedgerService) }) },
      ]),
      // @ts-expect-error a message is no service
      KunModule.forRoot({ service: 'shop', proto: protobufEs(EntrySchema) }),
      // @ts-expect-error neither a file nor generated code
      KunClientModule.register([{ name: 'ledger' }]),
    ];
    expect([calls, modules]).toHaveLength(2);
  });

  it('of interceptors and the call', () => {
    const tenant = contextKey('tenant', 'none');
    const observer: Interceptor = (next) => (call) => {
      expectTypeOf(call).toEqualTypeOf<RpcCall>();
      expectTypeOf(call.get(tenant)).toEqualTypeOf<string>();
      call.set(tenant, 'acme');
      call.onEnd((ending) => expectTypeOf(ending).toEqualTypeOf<Ending>());
      // @ts-expect-error the key holds a text
      call.set(tenant, 5);
      // @ts-expect-error a tag is no object
      call.tags.set('account', {});
      // @ts-expect-error routes are frozen
      call.routes['tenant'] = 'acme';
      // @ts-expect-error an ending is a status error
      call.end(new Error('no'));
      return next(call);
    };
    // @ts-expect-error a handler of the call is to be returned
    const wrong: Interceptor = (next) => (call) => void next(call);
    expect(only('/acme.v1.Shop/*', observer)).toBeTypeOf('function');
    expect(wrong).toBeTypeOf('function');
    expectTypeOf(currentCall()).toEqualTypeOf<RpcCall | undefined>();
    // @ts-expect-error there may be none
    expect(() => currentCall().requestId).toThrow(TypeError);
  });

  it('of status errors and their details', () => {
    const error = invalidArgument('no', {
      details: [
        badRequest({ fieldViolations: [{ field: 'a', description: 'b' }] }),
        retryInfo({ retryDelayMs: 5 }),
      ],
    });
    expectTypeOf(error).toEqualTypeOf<StatusError>();
    expect(findDetail(error, 'google.rpc.RetryInfo')?.retryDelayMs).toBe(5);
    expectTypeOf(findDetail(error, 'google.rpc.RetryInfo')?.retryDelayMs).toEqualTypeOf<number | undefined>();
    const refused = () => [
      // @ts-expect-error there is no such detail
      findDetail(error, 'google.rpc.RetryInformation'),
      // @ts-expect-error the delay is a number of milliseconds
      retryInfo({ retryDelayMs: '5s' }),
      // @ts-expect-error a detail is made by its factory
      notFound('no', { details: [{ reason: 'GONE' }] }),
      // @ts-expect-error a code is no text
      new StatusError('NOT_FOUND', 'no'),
    ];
    expect(refused).toBeTypeOf('function');
    expect(new StatusError(StatusCode.NOT_FOUND, 'no').code).toBe(5);
  });

  it('of the configuration: sections, secrets, and settings that are live', () => {
    class Mail extends ConfigSection(
      'Mail',
      z.object({ Host: z.string(), Password: z.string().transform(Secret.of) }),
    ) {}
    expectTypeOf<Mail['value']['Host']>().toEqualTypeOf<string>();
    expectTypeOf<Mail['value']['Password']>().toEqualTypeOf<Secret>();
    expectTypeOf<ResolvedSettings['grpc']['drainTimeoutMs']>().toEqualTypeOf<number>();
    expectTypeOf<ResolvedSettings['exitOnUnhandledRejection']>().toEqualTypeOf<Live<boolean>>();
    const uses = (secret: Secret, settings: ResolvedSettings) => [
      // @ts-expect-error a secret is no text
      secret.trim(),
      // @ts-expect-error and is made by Secret.of
      new Secret('a'),
      // @ts-expect-error a live setting is no value
      settings.exitOnUnhandledRejection === true,
    ];
    expect(uses).toBeTypeOf('function');
  });

  it('of the testing kit', () => {
    expectTypeOf(startTestService).returns.resolves.toEqualTypeOf<TestService>();
    expectTypeOf<TestService['close']>().returns.resolves.toEqualTypeOf<StopReport>();
    const use = (service: TestService) => {
      expectTypeOf(service.client<Stock>('acme.v1.Stock').level)
        .parameter(0)
        .toEqualTypeOf<{ item: string }>();
      // @ts-expect-error the client has no such method
      return service.client<Stock>('acme.v1.Stock').levels;
    };
    expect(use).toBeTypeOf('function');
    // @ts-expect-error what nobody reads is refused
    expect(() => startTestService(class {}, { override: {} })).toBeTypeOf('function');
  });
});
