import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StreamDestination } from './log-destination.js';

describe('StreamDestination', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kun-log-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('has written everything, in order, when a flush settles', async () => {
    const file = join(folder, 'flush.log');
    const handle = await open(file, 'a');
    const destination = new StreamDestination({ fd: handle.fd, batchMs: 60_000 });
    const lines = Array.from(
      { length: 5000 },
      (_, i) => `line ${i} ä€😀${'x'.repeat(i % 997 === 0 ? 100_000 : 0)}\n`,
    );
    for (const line of lines) destination.write(line);
    await destination.flush();
    expect(await readFile(file, 'utf8')).toBe(lines.join(''));
    destination.write('last\n');
    await destination.close();
    await handle.close();
    expect((await readFile(file, 'utf8')).endsWith('last\n')).toBe(true);
  });

  // The module is run as a process would run it: a worker of the test runner has no exit of its own.
  it.each([
    ['a natural end', ''],
    ['process.exit()', 'process.exit(3)'],
    ['process.exit() behind a write in flight', 'setTimeout(() => { write(); process.exit(3) }, 5)'],
    [
      'a SIGKILL behind a flush',
      "await destination.flush(); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})",
    ],
    ['an uncaught exception', 'setImmediate(() => { throw new Error("crash") })'],
  ])('loses nothing at %s', async (_name, ending) => {
    const script = `
      import { StreamDestination } from ${JSON.stringify(new URL('./log-destination.ts', import.meta.url).href)};
      const destination = new StreamDestination({ batchMs: 1 });
      let n = 0;
      const write = () => { for (const end = n + 3000; n < end; n++) destination.write('line ' + n + '\\n'); };
      write();
      ${ending}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const expected = Array.from(
      { length: ending.includes('write()') ? 6000 : 3000 },
      (_, i) => `line ${i}\n`,
    );
    // Only behind a write in flight may the order be another.
    const lines = output.split(/(?<=\n)/);
    expect(ending.includes('write()') ? lines.toSorted() : lines).toEqual(
      ending.includes('write()') ? expected.toSorted() : expected,
    );
  });

  it('drops and counts what a stalled reader does not take, and goes on', async () => {
    const script = `
      import { StreamDestination } from ${JSON.stringify(new URL('./log-destination.ts', import.meta.url).href)};
      const destination = new StreamDestination({ batchMs: 1, maxBufferedBytes: 200_000 });
      const line = 'x'.repeat(999) + '\\n';
      let n = 0;
      const timer = setInterval(() => {
        if (++n <= 20) {
          for (let i = 0; i < 100; i++) destination.write(line);
        } else {
          clearInterval(timer);
          process.send(destination.dropped);
        }
      }, 2);
      process.on('message', () => process.disconnect());`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    });
    const [dropped] = (await once(child, 'message')) as [number];
    child.send('go on');
    const output = await text(child.stdout!);
    expect(dropped).toBeGreaterThan(0);
    expect(output.split('\n').length - 1 + dropped).toBe(2000);
  });
});
