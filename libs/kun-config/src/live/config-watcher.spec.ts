import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { existsSync, renameSync, symlinkSync } from 'node:fs';
import { appendFile, mkdir, open, rename, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { ConfigWatcher, type Look } from './config-watcher.js';
import { Configuration } from './configuration.js';
import { loadConfig } from '../load/load-config.js';

const schema = z.object({
  A: z.int().default(0),
  B: z.int().default(0),
  Level: z.string().default('info'),
  Key: z.string().optional(),
});

interface Watched {
  readonly configuration: Configuration<z.infer<typeof schema>>;
  /** Looks once, so much later. */
  readonly look: (laterMs: number) => Promise<Look>;
  /** What is told, in order. */
  readonly told: string[];
}

/** A watcher over a tree, driven by hand. */
async function watched(tree: TestingTree, settleMs = 250): Promise<Watched> {
  const loaded = await loadConfig({
    base: tree.base,
    service: 's',
    cluster: 'c',
    instance: 'i',
    schemas: [schema],
  });
  const configuration = new Configuration(loaded);
  const told: string[] = [];
  configuration.reloads.subscribe((event) => {
    told.push(
      event.ok ? event.changes.map(({ path, current }) => `${path}=${String(current)}`).join() : 'refused',
    );
  });
  const watcher = new ConfigWatcher(configuration, { settleMs });
  let nowMs = 0;
  const look = (laterMs: number): Promise<Look> => watcher.look((nowMs += laterMs));
  // What was loaded at the start is verified once.
  expect([await look(0), await look(settleMs), await look(settleMs)]).toEqual(['changing', 'same', 'same']);
  return { configuration, look, told };
}

describe('a change', () => {
  it('by a plain write gives one reload, once it has stood still', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n' });
    const { configuration, look, told } = await watched(tree);
    await tree.write({ 'conf/s/public.yaml': 'A: 2\n' });
    expect([await look(1000), await look(100), await look(150), await look(1000)]).toEqual([
      'changing',
      'changing',
      'reloaded',
      'same',
    ]);
    expect(configuration.value.A).toBe(2);
    expect(told).toEqual(['A=2']);
    expect(configuration.status).toMatchObject({ reloads: 1, failures: 0, lastReloadSuccessful: true });
  });

  it('by rename-and-replace, as editors do, gives one reload', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n' });
    const { look, told } = await watched(tree);
    await tree.write({ 'conf/s/.public.yaml.swp': 'A: 3\n' });
    await rename(tree.path('conf/s/.public.yaml.swp'), tree.path('conf/s/public.yaml'));
    expect([await look(1000), await look(250), await look(250)]).toEqual(['changing', 'reloaded', 'same']);
    expect(told).toEqual(['A=3']);
  });

  it('in files and directories that were not there gives one reload, and one when they go', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n' });
    const { look, told } = await watched(tree);
    await tree.write({ 'conf/s/c/i/public.yaml': 'A: 4\n' });
    expect([await look(1000), await look(250)]).toEqual(['changing', 'reloaded']);
    await rm(tree.path('conf/s/c'), { recursive: true });
    expect([await look(1000), await look(250)]).toEqual(['changing', 'reloaded']);
    expect(told).toEqual(['A=4', 'A=1']);
  });

  it('that says the same in other words is not told', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n' });
    const { look, told, configuration } = await watched(tree);
    const { hash } = configuration.status;
    await tree.write({ 'conf/s/public.yaml': '# why\nA: 1\n' });
    expect([await look(1000), await look(250)]).toEqual(['changing', 'same']);
    expect(told).toEqual([]);
    expect(configuration.status.hash).toBe(hash);
    expect(configuration.origin('A')?.place?.line).toBe(2);
  });

  it('of a mounted secret is followed, also of one that was named only now', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n', 'run/key': 'one' });
    const { look, told, configuration } = await watched(tree);
    await tree.write({ 'conf/s/public.yaml': 'Key: !file ../../run/key\n' });
    // The second look finds a file that it has not looked at before: that has to stand still, too.
    expect([await look(1000), await look(250), await look(250)]).toEqual([
      'changing',
      'changing',
      'reloaded',
    ]);
    expect(configuration.value.Key).toBe('one');
    await tree.write({ 'run/key': 'two' });
    expect([await look(1000), await look(250)]).toEqual(['changing', 'reloaded']);
    expect(told).toEqual(['A=0,Key=one', 'Key=two']);
  });

  it('that is bad keeps the last good set, and is over when it is mended', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n' });
    const { look, told, configuration } = await watched(tree);
    const before = configuration.value;
    await tree.write({ 'conf/s/public.yaml': 'A: one\nC: 1\n' });
    expect([await look(1000), await look(250), await look(1000)]).toEqual(['changing', 'refused', 'same']);
    expect(configuration.value).toBe(before);
    expect(configuration.status).toMatchObject({ lastReloadSuccessful: false, failures: 1, reloads: 0 });
    expect(configuration.status.error?.problems.map(({ key, line }) => [key, line])).toEqual([
      ['A', 1],
      ['C', 2],
    ]);
    await unlink(tree.path('conf/s/public.yaml'));
    expect([await look(1000), await look(250)]).toEqual(['changing', 'refused']);
    await tree.write({ 'conf/s/public.yaml': 'A: 1\n' });
    expect([await look(1000), await look(250)]).toEqual(['changing', 'reloaded']);
    expect(told).toEqual(['refused', 'refused', '']);
    expect(configuration.status).toMatchObject({ lastReloadSuccessful: true, error: undefined });
  });

  it('is read on demand as well', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n' });
    const { configuration } = await watched(tree);
    await tree.write({ 'conf/s/public.yaml': 'A: 2\n' });
    expect(await configuration.reload()).toMatchObject({
      ok: true,
      changes: [{ path: 'A', previous: 1, current: 2 }],
    });
    expect(await configuration.reload()).toBeUndefined();
  });
});

describe('a file that is written in several steps', () => {
  it('is not taken while it is still changing, though it is valid in between', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\nB: 1\n' });
    const { look, told } = await watched(tree);
    const file = tree.path('conf/s/public.yaml');
    await truncate(file);
    expect(await look(200)).toBe('changing');
    await appendFile(file, 'A: 2\n');
    expect(await look(200)).toBe('changing');
    await appendFile(file, 'B: ');
    expect(await look(200)).toBe('changing');
    await appendFile(file, '2\n');
    expect([await look(200), await look(249), await look(1)]).toEqual(['changing', 'changing', 'reloaded']);
    expect(told).toEqual(['A=2,B=2']);
  });

  it('never gives a set that was still changing and never misses the last one, whatever the pace', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('append' as const),
        text: fc.constantFrom('A: 5\n', 'B: 5\n', '# x\n', 'Level: x\n'),
      }),
      fc.record({ do: fc.constant('truncate' as const) }),
      fc.record({ do: fc.constant('remove' as const) }),
      fc.record({ do: fc.constant('look' as const), laterMs: fc.integer({ min: 1, max: 400 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, inner) => {
        await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'Level: outer\n' });
        // In one half of the cases the file that is written appears where none was.
        const file = tree.path(inner ? 'conf/s/c/public.yaml' : 'conf/s/public.yaml');
        const { look, configuration } = await watched(tree);
        let quietMs = 0;
        const takenAfterMs: number[] = [];
        for (const each of steps) {
          if (each.do === 'look') {
            quietMs += each.laterMs;
            const found = await look(each.laterMs);
            if (found === 'reloaded' || found === 'refused') takenAfterMs.push(quietMs);
            continue;
          }
          // To remove what is not there changes nothing.
          if (each.do === 'remove' && !existsSync(file)) continue;
          quietMs = 0;
          await mkdir(tree.path('conf/s/c'), { recursive: true });
          if (each.do === 'remove') await rm(file, { force: true });
          else if (each.do === 'append') await appendFile(file, each.text);
          else await writeFile(file, '');
        }
        expect(Math.min(250, ...takenAfterMs)).toBe(250);
        // The file system's clock has a grain; what is within one is held apart by standing still.
        await look(1000);
        await look(250);
        const { loaded, error } = await loadConfig(configuration.loaded.parts.options).then(
          (fresh) => ({ loaded: fresh, error: undefined }),
          (caught: unknown) => ({ loaded: undefined, error: caught }),
        );
        expect(configuration.status.error?.message).toBe(error instanceof Error ? error.message : undefined);
        expect(configuration.value).toEqual(loaded?.value ?? configuration.value);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a ConfigMap', () => {
  /** Mounts a set as the kubelet does: a new directory, then one link that is replaced. */
  async function mount(tree: TestingTree, version: number): Promise<void> {
    await tree.write({
      [`..v${version}/conf/public.yaml`]: `A: ${version}\n`,
      [`..v${version}/conf/s/public.yaml`]: `B: ${version}\nLevel: !file ../../level\n`,
      [`..v${version}/level`]: String(version),
    });
    await symlink(`..v${version}`, tree.path('..data_tmp'));
    await rename(tree.path('..data_tmp'), tree.path('..data'));
    if (version === 0) {
      await symlink('..data/conf', tree.path('conf'));
      await symlink('..data/level', tree.path('level'));
    }
    if (version > 0) await rm(tree.path(`..v${version - 1}`), { recursive: true });
  }

  it('that is swapped while it is read is read again', async () => {
    await using tree = await TestingTree.of({ 'one/conf/s/public.yaml': 'A: 1\n' });
    for (const version of ['two', 'three']) {
      await tree.write({
        [`${version}/conf/s/public.yaml`]: 'A: ${NUMBER:-2}\nKey: !file ../../key\n',
        [`${version}/key`]: version,
      });
    }
    const mountNow = (version: string): void => {
      symlinkSync(version, tree.path('..data_tmp'));
      renameSync(tree.path('..data_tmp'), tree.path('..data'));
    };
    mountNow('one');
    // Values from the environment are looked up after the layers are read and before the files that they name.
    let swaps = 1;
    const env = new Proxy(
      {},
      { get: (_, key) => (key === 'NUMBER' && swaps-- > 0 ? mountNow('three') : undefined) },
    );
    const base = tree.path('..data');
    const loaded = await loadConfig({ base, service: 's', schemas: [schema], env });
    const configuration = new Configuration(loaded);
    const seen: unknown[] = [];
    configuration.reloads.subscribe(() =>
      seen.push(configuration.origin('Key')?.place?.file, configuration.value.Key),
    );
    const watcher = new ConfigWatcher(configuration, { settleMs: 0 });
    mountNow('two');
    for (let nowMs = 0; (await watcher.look(nowMs)) !== 'reloaded';) nowMs++;
    expect(configuration.value).toMatchObject({ A: 2, Key: 'three' });
    expect(seen).toHaveLength(2);
    expect(swaps).toBeLessThan(0);
  });

  it('that is swapped 1000 times is never seen torn, ends at the last state, and leaves nothing behind', async () => {
    await using tree = await TestingTree.of({});
    await mount(tree, 0);
    const { configuration, look } = await watched(tree, 0);
    const resources = process.getActiveResourcesInfo().length;
    let torn = 0;
    let reads = 0;
    let swapping = true;
    const read = (): void => {
      const { value } = configuration;
      reads++;
      if (value.A !== value.B || value.Level !== String(value.A)) torn++;
    };
    const refused: string[] = [];
    configuration.reloads.subscribe((event) => {
      read();
      if (!event.ok) refused.push(event.error.message);
    });
    const readers = Array.from({ length: 2 }, async () => {
      for (; swapping; await turn()) read();
    });
    const looker = (async () => {
      while (swapping) await look(1);
    })();

    const heap: number[] = [];
    for (let version = 1; version <= 1000; version++) {
      await mount(tree, version);
      // Some of the states are waited for, so that they are really loaded under way.
      if (version % 20 === 0) while (configuration.value.A < version) await turn();
      if (version % 250 === 0) heap.push(usedHeap());
    }
    swapping = false;
    await Promise.all([...readers, looker]);
    while ((await look(1)) !== 'same');

    expect(configuration.value).toMatchObject({ A: 1000, B: 1000 });
    expect(torn).toBe(0);
    expect(refused).toEqual([]);
    expect(reads).toBeGreaterThan(1000);
    expect(configuration.status.reloads).toBeGreaterThanOrEqual(50);
    expect((heap.at(-1) ?? 0) - (heap[0] ?? 0)).toBeLessThan(4 * 1024 * 1024);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(resources);
  }, 30_000);
});

describe('the watcher', () => {
  it('looks by itself, and stops', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'A: 1\n' });
    const { configuration } = await watched(tree);
    const watcher = new ConfigWatcher(configuration, { intervalMs: 2, settleMs: 20 });
    watcher.start();
    const changed = new Promise((resolve) => configuration.changes('A').subscribe(resolve));
    // A slow writer, who is not taken half-way.
    const handle = await open(tree.path('conf/s/public.yaml'), 'w');
    await handle.write('A: 2\n');
    await handle.write('B: 2\n');
    await handle.close();
    expect(await changed).toEqual({ path: 'A', previous: 1, current: 2 });
    expect(configuration.value).toMatchObject({ A: 2, B: 2 });
    await watcher.stop();
    await tree.write({ 'conf/s/public.yaml': 'A: 3\n' });
    expect(configuration.value.A).toBe(2);
  });
});

function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}
