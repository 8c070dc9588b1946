import { Injectable, Module } from '@nestjs/common';
import { InjectClient, KunClientModule, KunModule, type KunModuleOptions } from '@kun/core';
import { startTestService } from '@kun/core/testing';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { KINDS } from '../fixtures/kinds.module.js';
import { call } from './call.js';
import { kindsController } from './kinds-controller.js';

const OPTIONS: KunModuleOptions = {
  service: 'kinds',
  base: `${import.meta.dirname}/../fixtures`,
  proto: { package: 'kun.test.v1', path: 'kinds.proto' },
};

@Injectable()
class Options {
  createKunOptions(): Promise<KunModuleOptions> {
    return Promise.resolve(OPTIONS);
  }
}

@Module({ providers: [Options], exports: [Options] })
class OptionsModule {}

const TARGET = Symbol('target');

@Module({ providers: [{ provide: TARGET, useValue: 'localhost:1' }], exports: [TARGET] })
class TargetModule {}

@Injectable()
class Caller {
  constructor(@InjectClient('next') readonly next: { unary(request: object): Promise<unknown> }) {}
}

const controllers = [kindsController({ unary: () => ({ text: 'here' }) })];
const closes: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closes.splice(0)) await close();
});

describe('KunModule.forRootAsync', () => {
  it.each([
    ['useFactory', KunModule.forRootAsync({ useFactory: () => Promise.resolve(OPTIONS) })],
    [
      'useFactory with inject',
      KunModule.forRootAsync({
        imports: [OptionsModule],
        inject: [Options],
        useFactory: (options: Options) => options.createKunOptions(),
      }),
    ],
    ['useClass', KunModule.forRootAsync({ useClass: Options })],
    ['useExisting', KunModule.forRootAsync({ imports: [OptionsModule], useExisting: Options })],
  ])('%s makes the options', async (_, kun) => {
    const service = await startTestService({ module: class Root {}, imports: [kun], controllers });
    closes.push(() => service.close());
    expect(await call(service.grpcClient(KINDS), 'Unary')).toMatchObject({
      code: status.OK,
      messages: [{ text: 'here' }],
    });
  });

  it('says what it wants', () => {
    expect(() => KunModule.forRootAsync({})).toThrow('requires useFactory, useClass or useExisting');
  });
});

describe('KunClientModule.registerAsync', () => {
  it('makes the options of each upstream, whose name is known before', async () => {
    const clients = KunClientModule.registerAsync([
      {
        name: 'next',
        imports: [TargetModule],
        inject: [TARGET],
        useFactory: (target: string) => ({
          package: 'kun.test.v1',
          service: 'Kinds',
          path: 'kinds.proto',
          target,
        }),
      },
    ]);
    const service = await startTestService(
      {
        module: class Root {},
        imports: [KunModule.forRoot(OPTIONS), clients],
        controllers,
        providers: [Caller],
      },
      // A key of an upstream that nobody registers would be warned of.
      { overrides: { Upstreams: { next: { CallTimeout: 5 } } } },
    );
    closes.push(() => service.close());
    expect(service.logs.where(({ level }) => level === 'warn')).toEqual([]);
    await expect(service.app.get(Caller).next.unary({})).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });
});
