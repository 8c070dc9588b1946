import { Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { Configuration } from '../live/configuration.js';
import { ConfigWatcher } from '../live/config-watcher.js';
import { ConfigError } from '../report/config-error.js';
import { ConfigSection } from './config-section.js';
import { KunConfigModule } from './kun-config.module.js';

class MailConfig extends ConfigSection('Mail', z.object({ Retries: z.int().default(3) })) {}
const extra = z.object({ Extra: z.int() });

@Injectable()
class Mailer {
  constructor(readonly mail: MailConfig) {}
}

@Module({ imports: [KunConfigModule.forFeature(MailConfig)], providers: [Mailer], exports: [Mailer] })
class MailModule {}

@Module({ imports: [KunConfigModule.forFeature(extra)] })
class ExtraModule {}

const root = z.object({ Port: z.int().default(1) });

async function application(tree: TestingTree, schemas: readonly z.ZodType[] = [root]) {
  const options = { base: tree.base, service: 's', schemas: [...schemas], watch: false, env: {} };
  const app = await Test.createTestingModule({ imports: [KunConfigModule.forRoot(options)] }).compile();
  const loader = app.get(LazyModuleLoader);
  return { app, loader, configuration: app.get<Configuration<unknown>>(Configuration) };
}

describe('forFeature in a module that is loaded later', () => {
  it('validates its section before anybody gets it, and from then on', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Port: 2\n' });
    const { app, loader, configuration } = await application(tree);
    const events: unknown[] = [];
    configuration.reloads.subscribe((event) => events.push(event));
    const module = await loader.load(() => MailModule);
    expect(module.get(Mailer).mail.value).toEqual({ Retries: 3 });
    expect(configuration.status.needRestart).toEqual([]);
    await tree.write({ 'conf/s/public.yaml': 'Mail: { Retries: x }\n' });
    expect(await configuration.reload()).toMatchObject({ ok: false });
    expect(module.get(Mailer).mail.value).toEqual({ Retries: 3 });
    await tree.write({ 'conf/s/public.yaml': 'Mail: { Retries: 5 }\n' });
    await configuration.reload();
    expect(module.get(Mailer).mail.value).toEqual({ Retries: 5 });
    await app.close();
  });

  it('fails with the position of every mistake, and changes nothing', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Port: 2\n' });
    const { app, loader, configuration } = await application(tree, [z.looseObject({})]);
    await tree.write({ 'conf/s/public.yaml': 'Port: 2\nMail: { Retires: 5 }\n' });
    const loading = loader.load(() => MailModule);
    await expect(loading).rejects.toBeInstanceOf(ConfigError);
    await expect(loading).rejects.toThrow('Mail.Retires: is not a known key; did you mean Mail.Retries?');
    await expect(loader.load(() => ExtraModule)).rejects.toThrow('Extra: is required');
    expect(configuration.value).toEqual({ Port: 2 });
    await app.close();
  });

  it('changes nothing when the schema took part from the start', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Mail: { Retries: 7 }\n' });
    const options = { base: tree.base, service: 's', schemas: [MailConfig], watch: false };
    const app = await Test.createTestingModule({ imports: [KunConfigModule.forRoot(options)] }).compile();
    const before = app.get<Configuration<unknown>>(Configuration).loaded;
    const module = await app.get(LazyModuleLoader).load(() => MailModule);
    expect(module.get(Mailer).mail.value).toEqual({ Retries: 7 });
    expect(app.get<Configuration<unknown>>(Configuration).loaded).toBe(before);
    await app.close();
  });

  it('is not forgotten by a look at the files that began before it', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Port: 2\n' });
    const { app, loader, configuration } = await application(tree);
    const watcher = new ConfigWatcher(configuration, { settleMs: 0 });
    await watcher.look(0);
    await tree.write({ 'conf/s/public.yaml': 'Port: 3\n' });
    await watcher.look(1);
    const [module] = await Promise.all([loader.load(() => MailModule), watcher.look(2)]);
    for (let look = 3; look < 6; look++) await watcher.look(look);
    expect(module.get(Mailer).mail.value).toEqual({ Retries: 3 });
    expect(configuration.get('Port')).toBe(3);
    await app.close();
  });
});
