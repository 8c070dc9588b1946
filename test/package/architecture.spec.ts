import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  arrows,
  barrels,
  code,
  cycles,
  engines,
  fixtures,
  lengths,
  moduleState,
  names,
  packages,
  type Rule,
} from './architecture-rules.js';
import { parseSource, readSources } from './source-files.js';

const ROOT = resolve(import.meta.dirname, '../..');
const everything = readSources(ROOT, ['{libs,apps}/*/{src,test}/**/*.ts', 'test/**/*.ts']).filter(
  // What generators write is theirs.
  ({ path }) => !path.includes('/gen/'),
);
const sources = everything.filter(({ path }) => /^(?:libs|apps)\/[^/]+\/src\//.test(path));
const production = sources.filter(({ path }) => !path.endsWith('.spec.ts'));
const core = (files: Record<string, string>) => planted('libs/kun-core/src', files);

describe('the architecture', () => {
  it('is looked at as a whole', () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(sources.some(({ path }) => path === 'libs/kun-core/src/rpc/interceptor.ts')).toBe(true);
    expect(sources.some(({ path }) => path === 'libs/kun-config/src/files/read-yaml.ts')).toBe(true);
  });

  it.each<[string, Rule, typeof sources]>([
    ['has arrows in one direction', arrows(), sources],
    ['has packages that meet by name', packages, everything],
    ['has engines that nobody above knows of', engines, everything],
    ['has no cycles', cycles(), everything],
    ['has names that say something', names, everything],
    ['keeps what only tests use out of src', fixtures, everything],
    ['has no barrels but the entries', barrels, sources],
    ['has no any, forwardRef or state of classes', code, everything],
    ['has no state of modules', moduleState(), production],
    ['has files of one idea each', lengths(), production],
  ])('%s', (_, rule, files) => {
    expect(rule(files)).toEqual([]);
  });
});

describe('the rules', () => {
  it('find an arrow that is not in the table, whatever kind of import draws it', () => {
    const files = core({
      'rpc/a.ts': `import type { B } from '../server/b.js';`,
      'clock.ts': `export { x } from './rpc/a.js';`,
      'server/b.ts': `type K = import('../wiring/kun.module.js').K; await import('../testing/index.js');`,
      'admin/c.ts': `import './c2.js'; import '../lifecycle/l.js';`,
      'wiring/kun.module.ts': `import '../server/b.js'; import './options.js'; import '../app/run.js';`,
    });
    expect(arrows([])(files)).toEqual([
      'libs/kun-core/src/rpc/a.ts:1 rpc must not import server',
      'libs/kun-core/src/clock.ts:1 clock must not import rpc',
      'libs/kun-core/src/server/b.ts:1 server must not import wiring',
      'libs/kun-core/src/server/b.ts:1 server must not import testing',
      'libs/kun-core/src/wiring/kun.module.ts:1 wiring must not import app',
    ]);
  });

  it('find an arrow between rooms of the wire that is not in its table', () => {
    const files = planted('libs/kun-wire/src', {
      'hpack/a.ts': `import '../frames/b.js'; import './c.js';`,
      'connection/d.ts': `import '../hpack/a.js'; import '../grpc/e.js'; import './sending/i.js';`,
      'connection/limits/g.ts': `import '../../process/k.js'; import '../streams/h.js'; import '../d.js';`,
      'connection/streams/h.ts': `import '../../hpack/a.js'; import type { I } from '../sending/i.js';`,
      'connection/sending/i.ts': `import '../streams/h.js'; import '../receiving/j.js';`,
      'connection/receiving/j.ts': `import '../limits/g.js'; import '../sending/i.js'; import '../d.js';`,
      'process/k.ts': `import '../frames/b.js'; import '../connection/limits/g.js';`,
      'index.ts': `export { f } from './server/f.js';`,
    });
    expect(arrows([])(files)).toEqual([
      'libs/kun-wire/src/hpack/a.ts:1 kun-wire/hpack must not import kun-wire/frames',
      'libs/kun-wire/src/connection/d.ts:1 kun-wire/connection must not import kun-wire/grpc',
      'libs/kun-wire/src/connection/limits/g.ts:1 kun-wire/connection/limits must not import kun-wire/connection/streams',
      'libs/kun-wire/src/connection/limits/g.ts:1 kun-wire/connection/limits must not import kun-wire/connection',
      'libs/kun-wire/src/connection/streams/h.ts:1 kun-wire/connection/streams must not import kun-wire/connection/sending',
      'libs/kun-wire/src/connection/sending/i.ts:1 kun-wire/connection/sending must not import kun-wire/connection/receiving',
      'libs/kun-wire/src/connection/receiving/j.ts:1 kun-wire/connection/receiving must not import kun-wire/connection/sending',
      'libs/kun-wire/src/connection/receiving/j.ts:1 kun-wire/connection/receiving must not import kun-wire/connection',
      'libs/kun-wire/src/process/k.ts:1 kun-wire/process must not import kun-wire/connection/limits',
    ]);
    expect(packages(planted('libs/kun-wire/src', { 'a.ts': `import '@kun/core';` }))).toEqual([
      'libs/kun-wire/src/a.ts:1 kun-wire must not import @kun/core',
    ]);
  });

  it('find an arrow upwards between the rooms of the client, and one into retry from below', () => {
    const files = core({
      'client/connection/a.ts': `import '../../tls/a.js'; import '../call/b.js';`,
      'client/call/b.ts': `import '../connection/a.js'; import '../upstreams/c.js'; import '../default.js';`,
      'client/upstreams/c.ts': `import '../call/b.js'; import '../connection/a.js'; import '../default.js';`,
      'client/default.ts': `import '../retry/r.js'; import './call/b.js';`,
      'retry/r.ts': `import '../settings/s.js'; import '../client/call/b.js';`,
      'settings/s.ts': `import '../grammar/g.js'; import '../retry/r.js';`,
      'grammar/g.ts': `import '../status/d.js';`,
    });
    expect(arrows([])(files).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'client/connection must not import client/call',
      'client/call must not import client/upstreams',
      'client/call must not import client',
      'client must not import client/call',
      'retry must not import client/call',
      'settings must not import retry',
      'grammar must not import status',
    ]);
  });

  it('find an arrow upwards between the rooms of the server', () => {
    const files = core({
      'server/call/a.ts': `import '../../rpc/r.js'; import '../answer/b.js'; import '../port/d.js';`,
      'server/answer/b.ts': `import '../call/a.js'; import './nest/c.js'; import '../port/grpc-js/e.js';`,
      'server/answer/nest/c.ts': `import '../b.js'; import '../../call/a.js'; import '../../port/d.js';`,
      'server/port/d.ts': `import './grpc-js/e.js'; import './kun/f.js'; import '../call/a.js';`,
      'server/port/grpc-js/e.ts': `import '../../call/a.js'; import '../../answer/b.js'; import '../d.js';`,
      'server/port/kun/f.ts': `import '../../call/a.js'; import '../grpc-js/e.js';`,
      'server/default.ts': `import '../interceptors/i.js'; import './call/a.js';`,
      'interceptors/i.ts': `import '../server/call/a.js';`,
    });
    expect(arrows([])(files).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'server/call must not import server/answer',
      'server/call must not import server/port',
      'server/answer must not import server/answer/nest',
      'server/answer must not import server/port/grpc-js',
      'server/answer/nest must not import server/port',
      'server/port/grpc-js must not import server/answer',
      'server/port/grpc-js must not import server/port',
      'server/port/kun must not import server/port/grpc-js',
      'server must not import server/call',
      'interceptors must not import server/call',
    ]);
  });

  it('find an arrow upwards between metrics, logs and traces', () => {
    const files = core({
      'traces/a.ts': `import './export/g.js'; import '../rpc/r.js'; import type { B } from '../logs/b.js';`,
      'traces/export/g.ts': `import '../../clock.js'; import '../../rpc/r.js'; import '../a.js';`,
      'logs/b.ts': `import '../traces/a.js'; import './output/c.js'; import '../metrics/d.js';`,
      'logs/output/c.ts': `import '../../optional-package.js'; import '../b.js';`,
      'metrics/d.ts': `import '../logs/b.js'; import '../traces/a.js'; import '../interceptors/e.js';`,
      'interceptors/e.ts': `import '../metrics/d.js'; import '../server/f.js';`,
    });
    expect(arrows([])(files).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'traces must not import logs',
      'traces/export must not import rpc',
      'traces/export must not import traces',
      'logs must not import metrics',
      'logs/output must not import logs',
      'metrics must not import interceptors',
      'interceptors must not import server',
    ]);
  });

  it('find an arrow upwards between the rooms of the status, and of the protos', () => {
    const files = core({
      'status/details/a.ts': `import '../status-error.js'; import './b.js';`,
      'status/code.ts': `import './details/a.js'; import './wire/a.js';`,
      'status/wire/a.ts': `import '../code.js'; import '../../transport/t.js'; import '../thrown/a.js';`,
      'status/thrown/a.ts': `import '../wire/a.js'; import '../../transport/t.js';`,
      'proto/values/a.ts': `import '../codec/a.js'; import '../../status/code.js';`,
      'proto/codec/a.ts': `import '../values/a.js'; import '../files/a.js';`,
      'proto/files/a.ts': `import '../values/a.js'; import type { D } from '../descriptor/a.js';`,
      'proto/descriptor/a.ts': `import '../files/a.js'; import '../codec/a.js';`,
      'proto/load.ts': `import './files/a.js'; import './codec/a.js'; import './descriptor/a.js';`,
    });
    expect(arrows([])(files).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'status/details must not import status',
      'status must not import status/wire',
      'status/wire must not import status/thrown',
      'status/thrown must not import transport',
      'proto/values must not import proto/codec',
      'proto/values must not import status',
      'proto/codec must not import proto/files',
      'proto/files must not import proto/descriptor',
      'proto/descriptor must not import proto/codec',
      'proto must not import proto/descriptor',
    ]);
  });

  it('find what knows of an engine that should not', () => {
    const files = core({
      'server/call/a.ts': `import { Metadata, status as Code, type ServerCredentials } from '@grpc/grpc-js';`,
      'server/answer/b.ts': `import { constants } from 'node:http2'; import '@kun/wire';`,
      'server/port/grpc-js/c.ts': `import { Server } from '@grpc/grpc-js'; import 'node:http2'; import '@kun/wire';`,
      'server/port/kun/d.ts': `import { serveConnection } from '@kun/wire';`,
      'server/call/a.spec.ts': `import { Server } from '@grpc/grpc-js';`,
    });
    expect(engines(files).map((line) => line.replace('libs/kun-core/src/server/', ''))).toEqual([
      "call/a.ts must not know of grpc-js' ServerCredentials",
      'answer/b.ts:1 must not know of node:http2',
      'answer/b.ts:1 must not know of @kun/wire',
      'port/grpc-js/c.ts:1 must not know of @kun/wire',
    ]);
  });

  it('leave testing to specs, and never import the entry', () => {
    const files = core({
      'rpc/a.spec.ts': `import '../testing/deferred.js'; import '../server/b.js';`,
      'testing/t.ts': `import '../wiring/kun.module.js'; import '../app/factory.js';`,
      'app/factory.ts': `import '../index.js';`,
    });
    expect(arrows([])(files)).toEqual(['libs/kun-core/src/app/factory.ts:1 app must not import index']);
  });

  it('find an arrow upwards between the rooms of kun-config', () => {
    const files = planted('libs/kun-config/src', {
      'secret.ts': `import './config-path.js';`,
      'files/a.ts': `import '../secret.js'; import type { B } from '../report/b.js';`,
      'schema/a.ts': `import '../files/a.js'; import '../report/a.js';`,
      'report/a.ts': `import '../schema/a.js'; export type { C } from '../load/c.js';`,
      'load/a.ts': `import '../report/a.js'; await import('../live/a.js');`,
      'live/a.ts': `import '../load/a.js'; type N = import('../nest/n.js').N;`,
      'nest/a.ts': `import '../live/a.js'; import '../cli/a.js';`,
      'cli/a.ts': `import '../load/a.js'; import '../live/a.js'; import '../index.js';`,
      'cli/a.spec.ts': `import '../nest/a.js';`,
      'index.ts': `export { a } from './nest/a.js';`,
      'extra/a.ts': `import '../secret.js';`,
    });
    const wrong = arrows([])(files).map((line) =>
      line.replaceAll(/libs\/kun-config\/src\/|kun-config\//g, ''),
    );
    expect(wrong).toEqual([
      'secret.ts:1 secret must not import config-path',
      'files/a.ts:1 files must not import report',
      'schema/a.ts:1 schema must not import report',
      'report/a.ts:1 report must not import load',
      'load/a.ts:1 load must not import live',
      'live/a.ts:1 live must not import nest',
      'nest/a.ts:1 nest must not import cli',
      'cli/a.ts:1 cli must not import live',
      'cli/a.ts:1 cli must not import index',
      'extra/a.ts:1 extra must not import secret',
    ]);
  });

  it('find a folder that is not in the table, and an unused exception', () => {
    const files = core({ 'extra/a.ts': `import '../clock.js';`, 'rpc/a.ts': `import '../admin/b.js';` });
    const exception = { from: 'rpc', to: 'admin', reason: 'planted' };
    expect(arrows([exception, { ...exception, to: 'server' }])(files)).toEqual([
      'libs/kun-core/src/extra/a.ts:1 extra must not import clock',
      'the exception rpc → server is not needed any more',
    ]);
  });

  it('find imports across packages', () => {
    const files = [
      ...planted('libs/kun-config/src', {
        'a.ts': `import '@kun/core';`,
        'b.spec.ts': `import '../test/t.js';`,
      }),
      ...core({ 'a.ts': `import '../../kun-config/src/a.js'; import '@kun/config/dist/a.js';` }),
      ...planted('apps/echo/src', { 'a.ts': `import '@kun/core/testing'; import '../conf/x.js';` }),
      ...planted('test/e2e', { 'a.ts': `import '../../libs/kun-core/src/clock.js'; import './b.js';` }),
    ];
    expect(packages(files)).toEqual([
      'libs/kun-config/src/a.ts:1 kun-config must not import kun-core',
      'libs/kun-core/src/a.ts:1 leaves libs/kun-core/src/ with ../../kun-config/src/a.js',
      'libs/kun-core/src/a.ts:1 reaches into @kun/config/dist/a.js',
      'apps/echo/src/a.ts:1 leaves apps/echo/src/ with ../conf/x.js',
      'test/e2e/a.ts:1 leaves test/ with ../../libs/kun-core/src/clock.js',
    ]);
  });

  it('find cycles, those of types too', () => {
    const files = core({
      'a.ts': `import './b.js';`,
      'b.ts': `import type { C } from './c.js';`,
      'c.ts': `export * from './b.js';`,
    });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => `libs/kun-core/src/${name}.ts`) as [
      string,
      string,
      string,
    ];
    expect(cycles([])(files)).toEqual([`cycle: ${b} → ${c} → ${b}`]);
    const typed = { from: b, to: c, reason: 'planted' };
    expect(cycles([typed])(files)).toEqual([]);
    // Not for what is there at run time, and not unless it closes one.
    expect(cycles([{ ...typed, from: c, to: b }])(files)).toHaveLength(2);
    expect(cycles([typed, { ...typed, from: a }])(files)).toHaveLength(1);
  });

  it('find what only tests use in src', () => {
    expect(fixtures(core({ 'tls/certificate.fixture.ts': '' }))).toEqual([
      "libs/kun-core/src/tls/certificate.fixture.ts belongs in the package's test/",
    ]);
  });

  it('find names that say nothing', () => {
    const files = core({
      'utils/a.ts': '',
      'rpc/helpers.ts': '',
      'rpc/common.spec.ts': '',
      'rpc/utility-bill.ts': '',
    });
    expect(names(files)).toHaveLength(3);
  });

  it('find barrels, and entries that do more than export', () => {
    const files = core({
      'index.ts': `export { a } from './a.js';\nexport const b = 1;`,
      'testing/index.ts': `export type * from './a.js';`,
      'rpc/index.ts': '',
      'rpc/a.ts': `export * from './b.js';\nexport const c = 1;`,
    });
    expect(barrels(files)).toEqual([
      'libs/kun-core/src/index.ts:2 an entry only exports',
      'libs/kun-core/src/rpc/index.ts is a barrel',
      `libs/kun-core/src/rpc/a.ts:1 passes on another file's exports`,
    ]);
  });

  it('find any, forwardRef and state of classes, but not in comments and strings', () => {
    const files = core({
      'a.ts': [
        `// any forwardRef`,
        `const text = 'any forwardRef';`,
        `class A { static count = 0; static readonly names = new Map(); static readonly limit = 5; static f() {} }`,
        `function f(x: any) { return forwardRef(() => A); }`,
      ].join('\n'),
    });
    expect(code(files).map((line) => line.replace('libs/kun-core/src/a.ts:', ''))).toEqual([
      '3 static mutable field',
      '3 static mutable field',
      '4 any',
      '4 forwardRef',
    ]);
  });

  it('find variables of modules that change', () => {
    const files = core({
      'a.ts': 'const a = 1;\nlet b = 0;\nexport let c = 0;\nfunction f() { let d = 0; }',
    });
    const exceptions = ['b', 'd'].map((name) => ({
      path: 'libs/kun-core/src/a.ts',
      name,
      reason: 'planted',
    }));
    expect(moduleState(exceptions)(files)).toEqual([
      'libs/kun-core/src/a.ts:3 mutable variable of the module',
      'the exception for d of libs/kun-core/src/a.ts is not needed',
    ]);
  });

  it('find long files, exceptions that grow and unused exceptions', () => {
    const files = core({ 'a.ts': ';\n'.repeat(251), 'b.ts': ';\n'.repeat(301), 'c.ts': ';\n'.repeat(250) });
    const exceptions = ['b', 'c'].map((name) => ({
      path: `libs/kun-core/src/${name}.ts`,
      lines: 300,
      reason: 'planted',
    }));
    expect(lengths(exceptions)(files)).toEqual([
      'libs/kun-core/src/a.ts has 251 lines, 250 at most',
      'libs/kun-core/src/b.ts has 301 lines, 300 at most',
      'the exception for libs/kun-core/src/c.ts is not needed any more',
    ]);
  });
});

function planted(folder: string, files: Record<string, string>) {
  return Object.entries(files).map(([name, text]) => parseSource(`${folder}/${name}`, text));
}
