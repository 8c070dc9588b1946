import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
});
