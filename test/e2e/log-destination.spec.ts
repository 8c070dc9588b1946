import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { NODE, REPOSITORY } from './running-process.js';

describe('StreamDestination', () => {
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
      import { StreamDestination } from '@kun/core';
      const destination = new StreamDestination({ batchMs: 1 });
      let n = 0;
      const write = () => { for (const end = n + 3000; n < end; n++) destination.write('line ' + n + '\\n'); };
      write();
      ${ending}`;
    const child = spawn(NODE, ['--input-type=module', '-e', script], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const expected = Array.from(
      { length: ending.includes('write()') ? 6000 : 3000 },
      (_, i) => `line ${i}\n`,
    );
    expect(output.split(/(?<=\n)/)).toEqual(expected);
  });

  it('drops and counts what a stalled reader does not take, and continues', async () => {
    const script = `
      import { StreamDestination } from '@kun/core';
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
    const child = spawn(NODE, ['--input-type=module', '-e', script], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    });
    const [dropped] = (await once(child, 'message')) as [number];
    child.send('go on');
    const output = await text(child.stdout!);
    expect(dropped).toBeGreaterThan(0);
    expect(output.split('\n').length - 1 + dropped).toBe(2000);
  });
});
