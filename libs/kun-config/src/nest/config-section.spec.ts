import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { ConfigSection } from './config-section.js';
import { Configuration } from '../live/configuration.js';
import { KunConfigModule } from './kun-config.module.js';
import { loadConfig } from '../load/load-config.js';

class MailConfig extends ConfigSection(
  'Mail',
  z.object({
    Host: z.string(),
    Retries: z.int().default(3),
    To: z.array(z.object({ Name: z.string() })).optional(),
  }),
) {}
class QueueConfig extends ConfigSection('Queue', v.object({ Size: v.optional(v.number(), 10) })) {}

@Injectable()
class Mailer {
  constructor(
    readonly mail: MailConfig,
    readonly queue: QueueConfig,
  ) {}
}

@Module({ imports: [KunConfigModule.forFeature(MailConfig, QueueConfig)], providers: [Mailer] })
class MailModule {}

@Module({
  imports: [KunConfigModule.forFeature(MailConfig), KunConfigModule.forFeature(z.object({ Extra: z.int() }))],
})
class OtherModule {}

const root = z.object({ Port: z.int().default(1) });

describe('ConfigSection', () => {
  it('is injected typed, with defaults from its schema, beside the keys of the root and of other features', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Mail: { Host: a }\nExtra: 5\n' });
    const app = await Test.createTestingModule({
      imports: [
        MailModule,
        KunConfigModule.forRoot({ base: tree.base, service: 's', schemas: [root] }),
        OtherModule,
      ],
    }).compile();
    const { mail, queue } = app.get(Mailer, { strict: false });
    const host: string = mail.value.Host;
    const size: number = queue.value.Size;
    expect([host, mail.value.Retries, size]).toEqual(['a', 3, 10]);
    expect(app.get(Configuration).value).toEqual({
      Port: 1,
      Mail: { Host: 'a', Retries: 3 },
      Queue: { Size: 10 },
      Extra: 5,
    });
    expect(mail.origin('Host')?.place).toMatchObject({ line: 1, column: 15 });
    expect(mail.origin('Retries')).toEqual({ from: 'default', hid: [] });

    const heard: unknown[] = [];
    mail.changes().subscribe(({ path, current }) => heard.push(path, current));
    mail.changes('Retries').subscribe(({ path, previous, current }) => heard.push(path, previous, current));
    await tree.write({ 'conf/s/public.yaml': 'Mail: { Host: a, Retries: 4 }\nExtra: 5\n' });
    await app.get(Configuration).reload();
    expect(heard).toEqual(['Mail', { Host: 'a', Retries: 4 }, 'Mail.Retries', 3, 4]);
    expect(mail.value.Retries).toBe(4);
    await app.close();
  });

  it('has its mistakes reported with all others, in the words of its own schema', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': 'Mail: { Hots: a, To: [{ Nmae: x }] }\nQueue: { Size: x }\nMial: 1\n',
    });
    const starting = Test.createTestingModule({
      imports: [MailModule, KunConfigModule.forRoot({ base: tree.base, service: 's', schemas: [root] })],
    }).compile();
    const error: unknown = await starting.catch((caught: unknown) => caught);
    const lines = String(error)
      .split('\n')
      .filter((line) => line.includes('public.yaml'));
    expect(lines.map((line) => line.replace(/^.*public\.yaml:/, ''))).toEqual([
      '1:1 Mail.Host: is required, but no layer sets it; expected a string',
      '1:9 Mail.Hots: is not a known key; did you mean Mail.Host?',
      '1:23 Mail.To[0].Name: is required, but no layer sets it; expected a string',
      '1:25 Mail.To[0].Nmae: is not a known key; did you mean Mail.To[0].Name?',
      '2:16 Queue.Size: expected a number, found the string "x"',
      '3:1 Mial: is not a known key; did you mean Mail?',
    ]);
  });

  it('is a schema like any other without Nest', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Mail: { Host: a }\n' });
    const { value } = await loadConfig({ base: tree.base, service: 's', schemas: [MailConfig, QueueConfig] });
    expect(value).toEqual({ Mail: { Host: 'a', Retries: 3 }, Queue: { Size: 10 } });
    const retries: number = value.Mail.Retries;
    expect(retries).toBe(3);
  });

  it('takes part also when the rest was loaded beforehand', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Mail: { Host: a }\n' });
    const loaded = await loadConfig({ base: tree.base, service: 's', schemas: [root, MailConfig] });
    const app = await Test.createTestingModule({
      imports: [MailModule, KunConfigModule.forRoot({ loaded })],
    }).compile();
    expect(app.get(Mailer, { strict: false }).queue.value.Size).toBe(10);
    await app.close();
  });
});

describe('schemas of which nothing is known', () => {
  const [a, b] = [v.object({ A: v.number() }), v.object({ B: v.number() })];

  it.each([
    ['that drop what they do not know', a, b],
    [
      'that refuse what they do not know',
      v.strictObject({ A: v.number() }),
      v.strictObject({ B: v.number() }),
    ],
    ['one of each', a, v.strictObject({ B: v.number() })],
  ])('share the top: %s', async (_, first, second) => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\nB: 2\n' });
    const options = { base: tree.base, service: 's', schemas: [first, second] };
    expect((await loadConfig(options)).value).toEqual({ A: 1, B: 2 });
    await tree.write({ 'conf/s/public.yaml': 'A: 1\nB: 2\nC: 3\n' });
    await expect(loadConfig(options)).rejects.toThrow(/a problem\n.*3:1 C: is not a known key\n/);
  });

  it('cannot both name a key', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Port: 1\n' });
    await expect(
      loadConfig({ base: tree.base, service: 's', schemas: [root, root.extend({ B: z.int().optional() })] }),
    ).rejects.toThrow(/two schemas name the key Port; let one of them extend the other/);
  });
});
