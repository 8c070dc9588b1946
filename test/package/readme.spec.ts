import { exec } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '@kun/config';
import { Identity, settingsSchema } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { compile, placeOf, projectOf, readDocuments, writeProjects } from './documents.js';
import type { Block } from './markdown.js';
import { ROOT } from './published.js';

const run = promisify(exec);

/** Blocks that nothing can run, by their first line, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'static_resources:': "it wants Envoy; canary.spec.ts holds it to the protos of Envoy's API",
  'apiVersion: networking.istio.io/v1': 'it wants Istio in a cluster',
  'npm ci && npm start': 'it serves until it is stopped; whoever runs this test has done the first half',
  'npm create kun@latest my-service': 'scaffold.spec.ts follows it, with packed packages',
  'npm create kun@latest shop -- --package acme.shop.v1 --yes':
    'scaffold.spec.ts follows it, with packed packages',
  'npx buf curl --http2-prior-knowledge --protocol grpc -d \'{"name":"Ada"}\' http://localhost:50051/acme.shop.v1.ShopService/Greet':
    'scaffold.spec.ts runs it as it is printed',
  'npx create-kun add rpc ListThings': 'scaffold.spec.ts runs it',
  'npm run build': 'scaffold.spec.ts runs it',
  'npx create-kun add upstream stock': 'scaffold.spec.ts runs it',
  'docker build -t registry.example.com/shop:0.1.0 .': 'it wants Docker and a registry',
  'kubectl apply -f deploy/kubernetes.yaml':
    'it wants a cluster; scaffold.spec.ts compares what is shown of the manifest',
  'kubectl port-forward deployment/shop 8081:8081': 'it wants a cluster',
  'npx create-kun add rpc ListThings --stream response': 'scaffold.spec.ts runs it in a service',
  'mkdir greeter && cd greeter': 'first-steps.spec.ts follows it',
  'kubectl exec deploy/echo -- npx kun-config explain GRPCServer --schema @kun/core#settingsSchema --schema ./dist/echo.config.js#echoConfigSchema':
    'it wants a cluster; operations-doc.spec.ts runs what stands behind the dashes',
  'kubectl exec deploy/echo -- kill -USR1 1':
    'it wants a cluster; operations-doc.spec.ts sends the signal to a process',
  '$ npm start': 'first-steps.spec.ts follows it',
  'npm install @kun/core @kun/config @nestjs/common @nestjs/microservices':
    'peer-ranges.spec.ts installs what is packed',
  'npx tsc': 'test/e2e/examples builds each example and runs it',
  'sh make-certificates.sh certificates': 'test/e2e/examples/mutual-tls.spec.ts runs it',
  [`node -e "global.db = new (require('node:sqlite').DatabaseSync)('accounts.db'); db.exec('BEGIN EXCLUSIVE'); setTimeout(() => {}, 30000)" &`]:
    'test/e2e/examples/database-check.spec.ts runs it',
  'docker build -f apps/echo/Dockerfile -t echo .':
    'it wants Docker and a cluster; deployment.spec.ts reads both files',
  'call ──▶ ┌ context ─ request id ─ tracing ─ metrics ─ logging ─ yours ─ recovery ┐': 'a drawing',
  'npx kun-config explain --schema ./dist/settings.js    # each value, its origin, what it overrides':
    'it wants a service that is built; the specs of the command run it',
  'the configuration has 3 problems': 'the mistakes of a configuration that is not shown',
  'SIGTERM    not ready, NOT_SERVING; currentCall().draining and lifecycle.stopping abort; new calls still succeed':
    'a drawing; shutdown.spec.ts compares its numbers',
};

/** Documents that another test writes or runs. */
const HELD_ELSEWHERE: Readonly<Record<string, string>> = {
  'CONTRIBUTING.md': 'test/package/recipes.spec.ts',
  'docs/what-happened-to-my-call.md': 'test/e2e/what-happened.spec.ts',
  'docs/debugging.md': 'test/package/debugging-doc.spec.ts',
  'docs/mcp.md': 'test/e2e/admin/mcp-doc.spec.ts',
  'docs/migrating-from-nest.md': 'test/package/nest-migration.spec.ts',
};

const directory = mkdtempSync(join(tmpdir(), 'kun-documents-'));
const documents = readDocuments().filter(({ file }) => !(file in HELD_ELSEWHERE));
const runnable = documents.filter((block) => !(firstLine(block) in NOT_RUN));
const sources = writeProjects(documents, directory);
const problems: string[] = [];

beforeAll(() => {
  problems.push(...compile([...sources.keys()]));
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('every block of the documents', () => {
  it('is of a language that is looked at, and every exception is needed', () => {
    for (const [file, spec] of Object.entries(HELD_ELSEWHERE)) {
      expect(readFileSync(join(ROOT, spec), 'utf8')).toContain(file);
    }
    const languages = ['ts', 'proto', 'yaml', 'json', 'console', 'text'];
    expect(runnable.filter(({ language }) => !languages.includes(language)).map(placeOf)).toEqual([]);
    const firsts = new Set(documents.map(firstLine));
    expect(Object.keys(NOT_RUN).filter((line) => !firsts.has(line))).toEqual([]);
  });

  it.each(named('ts'))('%s compiles', (_, block) => {
    const [file] = [...sources].find(([, entry]) => entry === block) ?? [];
    expect(problems.filter((problem) => problem.startsWith(`${file}:`))).toEqual([]);
  });

  it('compiles as a whole', () => {
    expect(problems).toEqual([]);
  });

  it.each(documents.filter(({ path = '' }) => path.startsWith('apps/')).map(withPlace))(
    '%s is the file that it names',
    (_, { path = '', text }) => {
      expect(text.slice(text.indexOf('\n') + 1)).toBe(readFileSync(join(ROOT, path), 'utf8'));
    },
  );

  it.each(named('proto'))('%s parses', (_, { text }) => {
    const { root } = protobuf.parse(text);
    expect(() => root.resolveAll()).not.toThrow();
  });

  it.each(named('yaml').filter(([, { path }]) => path !== undefined))(
    '%s is a valid configuration',
    async (_, block) => {
      await expect(load(block.file)).resolves.toBeDefined();
    },
  );

  it.each(named('yaml').filter(([, { path }]) => path === undefined))(
    '%s is part of the manifest',
    (_, { text }) => {
      const manifest = readFileSync(join(ROOT, 'apps/echo/deploy/deployment.yaml'), 'utf8');
      const shown: unknown = parse(text);
      const objects = parseAllDocuments(manifest).map((document): unknown => document.toJS());
      expect(objects).toContainEqual(expect.objectContaining({ kind: 'Deployment' }));
      expect(objects.find((object) => isKind(object, 'Deployment'))).toMatchObject(Object(shown));
    },
  );

  it.each(named('json').filter(([, { text, path }]) => path === undefined && !text.includes('"stopped"')))(
    '%s is what the configuration before it comes to',
    async (_, { file, text }) => {
      expect((await load(file)).value).toMatchObject(Object(JSON.parse(text)));
    },
  );

  it.each(named('text').filter(([, block]) => firstLine(block).startsWith('cannot start')))(
    '%s is what such a mistake is told',
    async (_, { file, text }) => {
      const { path = '' } = documents.find((block) => block.file === file && block.language === 'yaml') ?? {};
      const target = join(projectOf(directory, file), path);
      const good = readFileSync(target, 'utf8');
      // The lines that the message shows take the place of those in the file.
      const lines = good.split('\n');
      for (const [, number, line = ''] of text.matchAll(/^ +(\d+) \| (.*)$/gm))
        lines[Number(number) - 1] = line;
      writeFileSync(target, lines.join('\n'));
      try {
        await expect(load(file)).rejects.toThrow(text.trimEnd().replace('cannot start: ', ''));
      } finally {
        writeFileSync(target, good);
      }
    },
  );
});

describe('what the documents show of the running example', () => {
  let service: TestService;

  beforeAll(async () => {
    const { AppModule } = (await import(join(ROOT, 'apps/echo/dist/app.module.js'))) as {
      AppModule: new () => object;
    };
    service = await startTestService(AppModule);
  });
  afterAll(() => service.close());

  it.each(commands())('%s answers as shown', async (_, { command, output }) => {
    const here = command
      .replaceAll('localhost:50051', service.grpcAddress)
      .replaceAll('localhost:8081', service.adminUrl.replace('http://', ''));
    const { stdout } = await run(here, { cwd: ROOT });
    const { instance } = service.app.get(Identity);
    expect(comparable(stdout.replaceAll(`"${instance}"`, '"my-host"'))).toBe(comparable(output));
  });
});

function firstLine({ text }: Block): string {
  return text.split('\n')[0] ?? '';
}

function withPlace(block: Block): [string, Block] {
  return [placeOf(block), block];
}

function named(language: string): Array<[string, Block]> {
  return runnable.filter((block) => block.language === language).map(withPlace);
}

/** Loads the configuration files that a document shows, with the keys of kun and of the example. */
async function load(document: string) {
  const base = projectOf(directory, document);
  const paths = documents.filter(({ file, language }) => file === document && language === 'yaml');
  const service = paths.flatMap(({ path = '' }) => /^conf\/([^/]+)\/public\.yaml$/.exec(path)?.[1] ?? []);
  const { echoConfigSchema } = (await import(join(ROOT, 'apps/echo/dist/echo.config.js'))) as {
    echoConfigSchema: typeof settingsSchema;
  };
  expect(existsSync(join(base, 'conf'))).toBe(true);
  const before = process.cwd();
  try {
    // Messages name files as they are seen from the working directory.
    process.chdir(base);
    return await loadConfig({
      base,
      service: service[0] ?? basename(dirname(base)),
      env: {},
      schemas: [settingsSchema, echoConfigSchema],
    });
  } finally {
    process.chdir(before);
  }
}

function commands(): Array<[string, { command: string; output: string }]> {
  return named('console').flatMap(([place, { text }]) =>
    text
      .split(/^\$ /m)
      .slice(1)
      .map((part): [string, { command: string; output: string }] => {
        const end = part.indexOf('\n');
        const command = part.slice(0, end);
        return [`${place} ${command.slice(0, 60)}`, { command, output: part.slice(end + 1) }];
      }),
  );
}

/** Without what differs from run to run, and the hash of the configuration. */
function comparable(output: string): string {
  return output
    .trim()
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…')
    .replaceAll(/("hash":)"[0-9a-f]+"/g, '$1"…"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…');
}

function isKind(object: unknown, kind: string): boolean {
  return typeof object === 'object' && object !== null && 'kind' in object && object.kind === kind;
}
