import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../e2e/config-tree.js';
import { apiReports, ENTRIES, everyName } from './api-report.js';
import { greet } from './greeter-client.js';
import { blocksOf, type Block } from './markdown.js';
import { INSTALL_TIMEOUT_MS, PackedProject } from './packed-project.js';
import { readManifest, ROOT } from './published.js';

const project = new PackedProject();
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const steps = section(readme, 'A small service');
const others = blocksOf('README.md', readme).filter(
  ({ language, path }) => language === 'ts' && path === undefined,
);

/** Follows the README to the letter: whoever cannot has no first steps. */
describe('the first steps of the README, in an empty folder', () => {
  let grpcPort: number | undefined;
  let adminPort: number | undefined;

  beforeAll(async () => {
    const tarballs = await project.pack();
    for (const { text } of steps.filter(({ language }) => language === 'sh')) {
      for (const line of text.split('\n')) {
        // As the README says for packages that are not published.
        await project.shell(line.replace('@kun/core @kun/config', tarballs.join(' ')));
      }
    }
    for (const { path, text } of steps) if (path !== undefined) project.write(path, text);
    [grpcPort, adminPort] = await freePorts(2);
  }, INSTALL_TIMEOUT_MS);

  afterAll(() => project.remove(), INSTALL_TIMEOUT_MS);

  it('write every file that is needed', () => {
    expect(steps.flatMap(({ path }) => path ?? [])).toEqual([
      'tsconfig.json',
      'greeter.proto',
      'src/greeter.controller.ts',
      'src/app.module.ts',
      'src/main.ts',
      'conf/greeter/public.yaml',
    ]);
  });

  it('compile, the declarations of all packages too', async () => {
    expect(await project.compile()).toEqual([]);
  });

  it('start, answer the call as shown, and stop with exit code 0 when told', async () => {
    // Ports that nobody else has on this machine, in the layer that is made for it.
    project.write('conf/greeter/default/my-host/public.yaml', {
      AdminPort: adminPort,
      GRPCServer: { Port: grpcPort },
    });
    const [start = '', call = ''] = commands(steps);
    expect(start.trim()).toBe('npm start');
    await project.start({ KUN_INSTANCE: 'my-host' }, `exec ${start}`);

    const [command = '', ...shown] = call.split('\n');
    const printed = await project.shell(command.replace(':50051', `:${grpcPort}`));
    expect(printed.trim()).toBe(shown.join('\n').trim());

    expect(await greet(project.directory, grpcPort, '')).toMatchObject({
      code: 3,
      details: 'name must not be empty',
    });
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);
    expect(await project.stop()).toEqual({ code: 0, signal: null });
  });

  it('leave a project in which the rest of the README compiles', async () => {
    for (const [index, { text }] of others.entries()) project.write(`src/snippet-${index}.ts`, text);
    expect(await project.compile()).toEqual([]);
  });

  it('leave one that can use every exported name, and pass on every type in its signature', async () => {
    // Whoever imports @kun/core/protovalidate has the peer that it is about.
    const { peerDependencies } = readManifest('kun-core');
    const peer = '@bufbuild/protovalidate';
    await project.shell(`npm install --no-save --no-audit --no-fund '${peer}@${peerDependencies[peer]}'`);

    const reports = apiReports(ENTRIES.map(({ declarations }) => declarations));
    project.write('src/every-name.ts', everyName(reports));
    project.write('every-name.json', {
      extends: './tsconfig.json',
      compilerOptions: { declaration: true, outDir: 'every-name', rootDir: 'src' },
      include: [],
      files: ['src/every-name.ts'],
    });
    expect(await project.compile('every-name.json')).toEqual([]);
    project.write('src/every-name.ts', `export { Missing } from '@kun/core';`);
    expect(await project.compile('every-name.json')).toHaveLength(1);
  });
});

/** The blocks between a heading and the next. */
function section(markdown: string, heading: string): Block[] {
  const [, text = ''] = markdown.split(`\n## ${heading}\n`);
  return blocksOf('README.md', text.split('\n## ')[0] ?? '');
}

/** What stands behind the `$` of a terminal, each with what it prints. */
function commands(blocks: readonly Block[]): string[] {
  return blocks
    .filter(({ language }) => language === 'console')
    .flatMap(({ text }) => text.split(/^\$ /m).slice(1));
}
