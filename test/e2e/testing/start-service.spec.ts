import { status } from '@grpc/grpc-js';
import { clientToken, InjectClient, KunClientModule, notFound } from '@kun/core';
import { KunTestingModule, startTestService, type TestService } from '@kun/core/testing';
import { Controller, Injectable } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AllKinds } from '../../fixtures/all-kinds.js';
import { KINDS, kindsModule, type Note } from '../../fixtures/kinds.module.js';

/** As generated code has it, and docs/clients.md teaches. */
interface KindsClient {
  unary(request: Partial<Note>): Promise<Note>;
  watch(request: Partial<Note>): AsyncIterable<Note>;
  collect(requests: AsyncIterable<Partial<Note>>): Promise<Note>;
  chat(requests: AsyncIterable<Partial<Note>>): AsyncIterable<Note>;
}

@Injectable()
class Store {
  find(n: number): string {
    throw new Error(`no database in a test: ${n}`);
  }
}

@Controller()
class NoteController extends AllKinds {
  constructor(
    private readonly store: Store,
    @InjectClient('next') private readonly next: KindsClient,
  ) {
    super();
  }

  @GrpcMethod('Kinds', 'Unary')
  override async unary({ n }: Partial<Note> = {}): Promise<object> {
    if (n === 0) throw notFound('no such note');
    const { text } = await this.next.unary({ n });
    return { text: `${this.store.find(n ?? 0)} ${text}` };
  }

  @GrpcMethod('Kinds', 'Watch')
  override watch(): object[] {
    return [{ n: 1 }, { n: 2 }];
  }
}

const ROOT = kindsModule({
  imports: [
    KunClientModule.register([
      { name: 'next', package: 'kun.test.v1', service: 'Kinds', path: 'kinds.proto' },
    ]),
  ],
  controllers: [NoteController],
  providers: [Store],
});
const STORE = { find: (n: number) => `note ${n}` };
const NEXT = { unary: async ({ n }: Note) => Promise.resolve({ text: `of next ${n}` }) };
const REPLACE = [
  { provide: Store, useValue: STORE },
  { provide: clientToken('next'), useValue: NEXT },
];
const ANSWER = { text: 'note 7 of next 7', n: 0 };

let service: TestService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

describe('startTestService', () => {
  it('replaces providers and upstreams', async () => {
    service = await startTestService(ROOT, { replace: REPLACE });
    expect(await service.client<KindsClient>(KINDS).unary({ n: 7 })).toEqual(ANSWER);
  });

  it.each([
    [
      'a class',
      {
        provide: Store,
        useClass: class {
          find = STORE.find;
        },
      },
    ],
    ['a factory', { provide: Store, inject: [clientToken('next')], useFactory: () => STORE }],
  ])('replaces by %s', async (_, replacement) => {
    service = await startTestService(ROOT, { replace: [REPLACE[1]!, replacement] });
    expect(await service.client<KindsClient>(KINDS).unary({ n: 7 })).toEqual(ANSWER);
  });

  it('refuses what replaces nothing', async () => {
    class Elsewhere {}
    const replace = [...REPLACE, { provide: Elsewhere, useValue: {} }, { provide: 'NAME', useValue: 1 }];
    await expect(startTestService(ROOT, { replace })).rejects.toThrow(
      'no provider for Elsewhere, NAME, so there is nothing to replace',
    );
  });

  it('gives the client that clients of the service would have', async () => {
    service = await startTestService(ROOT, { replace: REPLACE });
    const client = service.client<KindsClient>(KINDS);
    const seen: number[] = [];
    for await (const { n } of client.watch({})) seen.push(n);
    expect(seen).toEqual([1, 2]);
    await expect(client.unary({ n: 0 })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      message: 'no such note',
    });
    expect(() => service?.client('kun.test.v1.Kind')).toThrow(
      'kun.test.v1.Kind is not served here; there are kun.test.v1.Kinds',
    );
  });
});

describe("Nest's own Test.createTestingModule", () => {
  const builder = (root = KunTestingModule.for(ROOT)) =>
    Test.createTestingModule({ imports: [root] })
      .overrideProvider(Store)
      .useValue(STORE)
      .overrideProvider(clientToken('next'))
      .useValue(NEXT);

  it('gives controllers without a port', async () => {
    const module = await builder().compile();
    expect(await module.get(NoteController).unary({ n: 7 })).toEqual({ text: ANSWER.text });
    await module.close();
  });

  it('compiles what startTestService starts', async () => {
    const destroyed = vi.fn<() => void>();
    const module = await builder()
      .overrideProvider(Store)
      .useValue({ ...STORE, onModuleDestroy: destroyed })
      .compile();
    service = await startTestService(module);
    expect(await service.client<KindsClient>(KINDS).unary({ n: 7 })).toEqual(ANSWER);
    expect(service.logs.finishedCalls).toHaveLength(1);
    expect((await service.close()).clean).toBe(true);
    expect(destroyed).toHaveBeenCalledOnce();
  });

  it('takes the surroundings where they can still be chosen', async () => {
    const overrides = { Logger: { Level: 'warn' } };
    const module = await builder(KunTestingModule.for(ROOT, { overrides })).compile();
    await expect(startTestService(module, { overrides })).rejects.toThrow(
      'overrides comes too late for a module that is compiled: KunTestingModule.for(AppModule, { overrides }) takes it',
    );
    service = await startTestService(module);
    expect(service.logs.where(({ level }) => level === 'info')).toEqual([]);
  });

  it('is told what it lacks', async () => {
    await expect(Test.createTestingModule({ imports: [ROOT] }).compile()).rejects.toThrow(
      'KunTestingModule.for(AppModule)',
    );
    const bare = await Test.createTestingModule({}).compile();
    await expect(startTestService(bare)).rejects.toThrow(
      'put KunTestingModule.for(AppModule) into its imports',
    );
  });
});
