import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from './published.js';

const run = promisify(execFile);
const template = join(ROOT, 'libs/create-kun/template');

/** `npm run docs` writes it. */
it('what editors know of the keys of a new service is what the service takes', async () => {
  const schemas = ['@kun/core#settingsSchema', join(template, 'src/config/greeting.ts#greetingSchema')];
  const { stdout } = await run(
    process.execPath,
    [
      join(ROOT, 'libs/kun-config/bin/kun-config.js'),
      'schema',
      ...schemas.flatMap((name) => ['--schema', name]),
    ],
    { cwd: join(ROOT, 'apps/echo'), maxBuffer: 16 * 1024 * 1024 },
  );
  await expect(stdout).toMatchFileSnapshot(join(template, 'conf.schema.json'));
});
