import { Injectable, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Configuration } from '../live/configuration.js';
import { KunConfigModule } from './kun-config.module.js';
import { loadConfig } from '../load/load-config.js';
import { TestingTree } from '../../test/testing-tree.js';

const schema = z.object({
  GRPCServer: z.object({ MaxMsgSize: z.int().default(5), Name: z.string().optional() }).prefault({}),
  Home: z.string().optional(),
});
type Settings = z.infer<typeof schema>;

@Injectable()
class Reader {
  constructor(
    readonly configuration: Configuration<Settings>,
    readonly service: ConfigService,
  ) {}
}

@Module({ providers: [Reader] })
class ReaderModule {}

describe('KunConfigModule', () => {
  it('gives the same values by injection and through ConfigService, everywhere', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'GRPCServer: { MaxMsgSize: 7 }\n' });
    const app = await Test.createTestingModule({
      imports: [
        ReaderModule,
        KunConfigModule.forRoot({ base: tree.base, service: 'echo', schemas: [schema] }),
      ],
    }).compile();
    const { configuration, service } = app.get(Reader, { strict: false });
    expect(configuration.value.GRPCServer.MaxMsgSize).toBe(7);
    expect(configuration.get('GRPCServer.MaxMsgSize')).toBe(7);
    expect(configuration.origin('GRPCServer.MaxMsgSize')?.place?.line).toBe(1);
    expect(configuration.warnings).toEqual([]);
    expect(service.get('GRPCServer.MaxMsgSize')).toBe(7);
    expect(service.get('GRPCServer')).toBe(configuration.value.GRPCServer);
    expect(service.getOrThrow('GRPCServer.MaxMsgSize')).toBe(7);
    expect(() => service.getOrThrow('GRPCServer.Name')).toThrow(TypeError);
    await app.close();
  });

  it('lets no environment variable stand in for a key, and writes none', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'GRPCServer: { MaxMsgSize: 7 }\n' });
    process.env['Home'] = 'from the environment';
    try {
      const before = { ...process.env };
      const app = await Test.createTestingModule({
        imports: [
          ReaderModule,
          KunConfigModule.forRoot({ base: tree.base, service: 'echo', schemas: [schema] }),
        ],
      }).compile();
      const { service } = app.get(Reader, { strict: false });
      expect(service.get('Home')).toBeUndefined();
      expect(() => service.set('Home', 'x')).toThrow(/cannot be set/);
      expect(process.env).toEqual(before);
      await app.close();
    } finally {
      delete process.env['Home'];
    }
  });

  it('holds two applications in one process apart', async () => {
    await using tree = await TestingTree.of({
      'conf/one/public.yaml': 'GRPCServer: { MaxMsgSize: 1 }\n',
      'conf/two/public.yaml': 'GRPCServer: { MaxMsgSize: 2 }\n',
    });
    const apps = await Promise.all(
      ['one', 'two'].map((service) =>
        Test.createTestingModule({
          imports: [
            ReaderModule,
            KunConfigModule.forRootAsync({
              useFactory: () => ({ base: tree.base, service, schemas: [schema] }),
            }),
          ],
        }).compile(),
      ),
    );
    const readers = apps.map((app) => app.get(Reader, { strict: false }));
    expect(readers.map((reader) => reader.configuration.value.GRPCServer.MaxMsgSize)).toEqual([1, 2]);
    expect(readers.map((reader) => reader.service.get<number>('GRPCServer.MaxMsgSize'))).toEqual([1, 2]);
    await apps[0]?.close();
    expect(readers[1]?.service.get('GRPCServer.MaxMsgSize')).toBe(2);
    await apps[1]?.close();
  });

  it('takes a configuration that is loaded already', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': '{}' });
    const loaded = await loadConfig({ base: tree.base, service: 'echo', schemas: [schema] });
    const app = await Test.createTestingModule({
      imports: [ReaderModule, KunConfigModule.forRoot({ loaded })],
    }).compile();
    expect(app.get(Reader, { strict: false }).configuration.value).toBe(loaded.value);
    await app.close();
  });

  it('refuses to start with everything that is wrong', async () => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': 'A: 1\nGRPCServer: { MaxMsgSize: x }\n',
    });
    const starting = Test.createTestingModule({
      imports: [KunConfigModule.forRoot({ base: tree.base, service: 'echo', schemas: [schema] })],
    }).compile();
    await expect(starting).rejects.toThrow(/2 problems[^]*1:1 A:[^]*2:27 GRPCServer\.MaxMsgSize/);
  });
});
