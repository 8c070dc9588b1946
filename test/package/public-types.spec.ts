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
} from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import type { StopReport } from '@kun/core';
import { Controller, Injectable, type DynamicModule } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';

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
