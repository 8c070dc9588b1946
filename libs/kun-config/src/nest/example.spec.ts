import { cp } from 'node:fs/promises';
import { Configuration } from '@kun/config';
import type { INestApplication } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestingTree } from '../../test/testing-tree.js';

describe('the example of a plain HTTP application', () => {
  let tree: TestingTree;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    tree = await TestingTree.of({});
    await cp(new URL('../../examples/http/conf', import.meta.url), tree.path('conf'), { recursive: true });
    process.env['KUN_BASE'] = tree.base;
    process.env['KUN_CLUSTER'] = 'eu';
  });

  afterEach(async () => {
    delete process.env['KUN_BASE'];
    delete process.env['KUN_CLUSTER'];
    await app?.close();
    await tree[Symbol.asyncDispose]();
  });

  it('answers from its layers, and from what is changed in them while it runs', async () => {
    // Read on import: the module says there where its configuration is.
    const { AppModule } = await import('../../examples/http/app.module.js');
    const { NestFactory } = await import('@nestjs/core');
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = `${await app.getUrl()}/greeting`;
    const greeting = async (): Promise<string> => (await fetch(url)).text();
    expect(await greeting()).toBe('Bonjour');

    const configuration = app.get(Configuration);
    expect(configuration.get('Http.Port')).toBe(3000);
    expect(configuration.origin('Greeting.Text')?.hid.map(({ layer, shown }) => [layer, shown])).toEqual([
      ['Service', '"Hello"'],
    ]);
    const reloaded = firstValueFrom(configuration.reloads);
    await tree.write({ 'conf/shop/eu/public.yaml': 'Greeting: { Text: Salut, Loud: yes }\n' });
    expect(await reloaded).toMatchObject({ ok: true });
    expect(await greeting()).toBe('SALUT!');
  });
});
