import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePorts } from '../e2e/config-tree.js';
import { blocksOf } from './markdown.js';
import { INSTALL_TIMEOUT_MS } from './packed-project.js';
import { pack, PACKAGES, readJson, readManifest, ROOT } from './published.js';

const run = promisify(execFile);
const parent = mkdtempSync(join(tmpdir(), 'kun scaffold '));
const directory = join(parent, 'order book');
const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
const env = { ...Object.fromEntries(own), PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
/** Seconds, by the line that was run. */
const took: Record<string, number> = {};

/** Runs a line as it is printed, and keeps how long it took. */
async function shell(line: string, cwd = directory): Promise<string> {
  const start = performance.now();
  const { stdout, stderr } = await run('sh', ['-ec', line], { cwd, env });
  took[line.slice(0, 60)] = secondsSince(start);
  return stripVTControlCharacters(stdout + stderr);
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10;
}

/** What somebody follows who has an empty folder and the packed packages. */
describe('a service that create-kun writes', () => {
  let printed: string[] = [];
  let [grpcPort, adminPort]: Array<number | undefined> = [];
  let running: ChildProcess | undefined;
  let output = '';
  let installed = '';

  const start = (line: string) => {
    output = '';
    // A process group of its own, which is told to stop as a terminal tells it.
    running = spawn('sh', ['-ec', line], { cwd: directory, env: { ...env, ...ports() }, detached: true });
    running.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    running.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  };
  const ports = () => ({
    KUN_CONF__GRPCSERVER__PORT: String(grpcPort),
    KUN_CONF__ADMINPORT: String(adminPort),
  });
  const until = (fits: (text: string) => boolean) =>
    new Promise<void>((resolve, reject) => {
      const look = () => fits(output) && resolve();
      running?.stdout?.on('data', look);
      running?.once('exit', () => reject(new Error(`it ended:\n${output}`)));
      look();
    });
  const stop = async () => {
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running?.once('close', resolve));
    process.kill(-running.pid, 'SIGINT');
    await ended;
  };
  const call = async () => {
    const line = printed.find((each) => each.startsWith('npx buf curl')) ?? 'false';
    return JSON.parse(await shell(line.replace(':50051', `:${grpcPort}`))) as { text: string };
  };

  beforeAll(async () => {
    await Promise.all(PACKAGES.map((name) => pack(name, parent)));
    const { tarball } = await pack('create-kun', parent);
    const out = await shell(
      `npx --yes --offline --package='${tarball}' create-kun 'order book' --packages .`,
      parent,
    );
    printed = out.split('\n').flatMap((line) => (/^ {2}\S/.test(line) ? [line.trim()] : []));
    [grpcPort, adminPort] = await freePorts(2);
    installed = await shell('npm install --prefer-offline');
  }, INSTALL_TIMEOUT_MS);

  afterAll(async () => {
    await stop();
    rmSync(parent, { recursive: true, force: true });
    // From an empty folder to a running, tested service that has been called and edited, step by step.
    console.table(Object.entries(took).map(([step, seconds]) => ({ step, seconds })));
  }, INSTALL_TIMEOUT_MS);

  it('has printed what is run here', () => {
    expect(printed).toEqual([
      'cd "order book"',
      'npm install',
      'npm test',
      'npm start',
      expect.stringMatching(/^npx buf curl .*\/order_book\.v1\.OrderBookService\/Greet$/),
    ]);
  });

  it('installs without a warning', () => {
    expect(installed).not.toMatch(/warn/i);
  });

  it('passes its own tests, lint, build and checks, and is written as it would be formatted and generated', async () => {
    const before = readFileSync(join(directory, 'src/gen/order_book/v1/order_book.ts'), 'utf8');
    const schema = readFileSync(join(directory, 'conf.schema.json'), 'utf8');
    await shell('npm test');
    await shell('npm run build');
    await shell('npm run lint');
    await shell('npm run config:check');
    await shell('npm run config:schema');
    await shell('npm run proto');
    await shell('npx prettier --check .');
    expect(readFileSync(join(directory, 'src/gen/order_book/v1/order_book.ts'), 'utf8')).toBe(before);
    expect(readFileSync(join(directory, 'conf.schema.json'), 'utf8')).toBe(schema);
  }, 120_000);

  it('starts, answers a call, and shows an edit under start:watch', async () => {
    start('npm start');
    const started = performance.now();
    await until((text) => text.includes('"serving"'));
    took['npm start, until it serves'] = secondsSince(started);
    expect((await call()).text).toMatch(/^hello Ada, this is /);
    await stop();
    expect(output, 'a warning of ours').not.toMatch(/warn/i);

    start('npm run start:watch');
    await until((text) => text.includes('"serving"'));
    const handler = join(directory, 'src/handlers/greet.ts');
    const edited = performance.now();
    const source = readFileSync(handler, 'utf8');
    writeFileSync(handler, source.replace('${Salutation} ', 'well, ${Salutation} '));
    await until((text) => text.split('"serving"').length > 2);
    took['an edit under start:watch'] = secondsSince(edited);
    expect((await call()).text).toMatch(/^well, hello Ada/);
    await stop();
    expect(output, 'a warning of ours').not.toMatch(/warn/i);
    writeFileSync(handler, source);
  }, 120_000);

  it('takes additions of every kind, and passes everything with them', async () => {
    for (const what of [
      'rpc ListThings',
      'rpc Watch --stream response',
      'rpc Collect --stream request',
      'rpc Chat --stream both',
      'upstream stock',
      'config Limits',
      'interceptor slow-calls',
    ]) {
      await shell(`npx create-kun add ${what}`);
    }
    for (const line of ['proto', 'format', 'build', 'lint', 'test', 'config:schema', 'config:check']) {
      await shell(`npm run ${line}`);
    }
    expect(readFileSync(join(directory, 'conf.schema.json'), 'utf8')).toContain('"Limits"');
  }, 180_000);
});

describe('docs/getting-started.md', () => {
  const page = readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8');
  const blocks = blocksOf('docs/getting-started.md', page);

  it('shows what the manifest of the template has', () => {
    const manifest = readFileSync(join(ROOT, 'libs/create-kun/template/deploy/kubernetes.yaml'), 'utf8');
    const shown = blocks.filter(({ language }) => language === 'text');
    expect(shown.length).toBeGreaterThan(3);
    const ofShop = manifest.replaceAll('__service__', 'shop');
    expect(shown.filter(({ text }) => !ofShop.includes(text)).map(({ line }) => line)).toEqual([]);
  });

  it('has scripts that the template has, and commands that are run above or want a cluster', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(readJson('libs/create-kun/template/package.json'));
    const lines = blocks.flatMap(({ language, text }) => (language === 'sh' ? text.trim().split('\n') : []));
    const known =
      /^(?:npm create kun@latest |cd shop$|npm (?:install|test|start)$|npx buf curl |npx create-kun add |docker |kubectl )/;
    const other = lines
      .filter((line) => !known.test(line))
      .map((line) => /^npm run (\S+)$/.exec(line)?.[1] ?? line);
    expect(other.filter((script) => !(script in scripts))).toEqual([]);
    const run = [...page.matchAll(/`npm run ([\w:]+)`/g)].map(([, script = '']) => script);
    expect(run.filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe('the template', () => {
  const dependencies = z.record(z.string(), z.string());
  const template = z
    .object({ dependencies, devDependencies: dependencies })
    .parse(readJson('libs/create-kun/template/package.json'));

  it('asks for all that its packages want, in versions that are tested here', () => {
    const { peerDependencies } = readManifest('kun-core');
    const { devDependencies: ours } = z
      .object({ devDependencies: dependencies })
      .parse(readJson('package.json'));
    const asked = { ...template.dependencies, ...template.devDependencies };
    const optional = /^@opentelemetry\/(?!api)|^@bufbuild\/protobuf|protovalidate|modelcontextprotocol/;
    expect(Object.keys(peerDependencies).filter((name) => !optional.test(name) && !(name in asked))).toEqual(
      [],
    );
    const other = Object.entries(asked).filter(
      ([name, range]) =>
        ours[name] !== undefined && range.replace(/^[\^~]/, '') !== ours[name].replace(/^[\^~]/, ''),
    );
    expect(other).toEqual([]);
  });

  it('is made and released with the version of the libraries', () => {
    expect(readJson('libs/create-kun/package.json')).toMatchObject({
      version: readManifest('kun-core').version,
    });
    expect(readFileSync(join(ROOT, 'libs/create-kun/LICENSE'), 'utf8')).toBe(
      readFileSync(join(ROOT, 'LICENSE'), 'utf8'),
    );
  });
});
