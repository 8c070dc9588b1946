import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { call } from '../e2e/call.js';
import { SpawnedService } from '../e2e/spawned-service.js';
import { ROOT } from '../package/published.js';
import { PrometheusServer } from './prometheus-server.js';

const run = promisify(execFile);
const ALERTS = join(ROOT, 'apps/echo/deploy/alerts.yaml');
const DASHBOARD = join(ROOT, 'apps/echo/deploy/dashboard.json');
const PAGE = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');

const alerts = z
  .object({
    groups: z.array(
      z.object({
        name: z.string(),
        rules: z.array(
          z.object({
            alert: z.string(),
            expr: z.string(),
            labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
            annotations: z.strictObject({ summary: z.string(), description: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(readFileSync(ALERTS, 'utf8')))
  .groups.flatMap(({ rules }) => rules);

const dashboard = z
  .object({
    annotations: z.object({ list: z.array(z.object({ target: z.object({ expr: z.string() }) })) }),
    templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.unknown() })) }),
    panels: z.array(
      z.object({
        id: z.number(),
        type: z.string(),
        title: z.string(),
        gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
        targets: z.array(z.object({ expr: z.string() })).optional(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(DASHBOARD, 'utf8')));

/** Its queries, with everything chosen that can be. */
const panelQueries = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets),
  ...dashboard.annotations.list.map(({ target }) => target),
].map(({ expr }) =>
  expr.replaceAll(/\$(?:job|instance|service|method)\b/g, '.*').replaceAll('$__rate_interval', '1m'),
);

let service: SpawnedService;
let prometheus: PrometheusServer;

beforeAll(async () => {
  // With all that has metrics of its own.
  service = await SpawnedService.start({
    config: { Zipkin: { Hosts: ['127.0.0.1:9'] }, Metrics: { Otlp: { Endpoint: 'http://127.0.0.1:9' } } },
    env: { KUN_CONF__EXITONUNHANDLEDREJECTION: 'no' },
  });
  // A call that succeeds through an upstream, and one that fails there after its retries.
  const client = service.grpcClient();
  await call(client, 'Echo', { requests: [{ message: 'a', hops: 1 }] });
  await call(client, 'Echo', { requests: [{ message: 'b', hops: 1, fail_code: 14 }] });
  prometheus = await PrometheusServer.start(`127.0.0.1:${service.ports.admin}`, { rules: [ALERTS] });
  await prometheus.value('up{job="kun"}', (up) => up === 1);
}, 300_000);

afterAll(async () => {
  await prometheus[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

describe('alerts.yaml', () => {
  it('is sound, fires for a service in trouble and not for one that is well', async () => {
    await run('promtool', ['check', 'rules', '--lint-fatal', ALERTS]);
    await run('promtool', ['test', 'rules', join(import.meta.dirname, 'monitoring/alerts.test.yaml')]);
  });

  it('is loaded and evaluated by a real Prometheus', async () => {
    const wanted = new Set(alerts.map(({ alert }) => alert));
    await expect
      .poll(async () => (await rules()).filter(({ health }) => health === 'ok').length, { timeout: 30_000 })
      .toBe(wanted.size);
    expect(new Set((await rules()).map(({ name }) => name))).toEqual(wanted);
  });

  it('has each alert explained in docs/alerts.md, and no other', () => {
    const explained = [...PAGE.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(explained).toEqual(alerts.map(({ alert }) => alert));
  });
});

describe('what the alerts and the dashboard ask for', () => {
  it.each([...new Set([...alerts.map(({ expr }) => expr), ...panelQueries].flatMap(selectorsOf))])(
    'is there: %s',
    async (selector) => {
      // A series with 0 counts: what matters is that its metric and its labels are right.
      expect(await prometheus.value(`count(last_over_time(${selector}[1m]))`)).toBeGreaterThan(0);
    },
  );
});

describe('dashboard.json', () => {
  it('is what Grafana takes, by its own types', () => {
    expect(faultsOf(readFileSync(DASHBOARD, 'utf8'))).toEqual([]);
    // They do find what is wrong.
    const wrong = readFileSync(DASHBOARD, 'utf8').replace('"drawStyle": "line"', '"drawStyle": "lines"');
    expect(faultsOf(wrong)).toEqual([expect.stringContaining('"lines"')]);
  }, 120_000);

  it('asks nothing that Prometheus refuses', async () => {
    for (const query of panelQueries) {
      expect(await prometheus.get(`query?query=${encodeURIComponent(query)}`), query).toBeDefined();
    }
  });

  it('uses variables that it has, and ids once', () => {
    const there = new Set(dashboard.templating.list.map(({ name }) => name));
    const used = readFileSync(DASHBOARD, 'utf8').matchAll(/\$\{?(?!__)(\w+)/g);
    expect([...used].map(([, name]) => name).filter((name) => !there.has(name!))).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it('has its panels side by side, none over another', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x},${y}`), `${title} at ${x},${y}`).toBeUndefined();
          taken.set(`${x},${y}`, title);
        }
      }
    }
  });
});

interface Rule {
  readonly name: string;
  readonly health: string;
}

async function rules(): Promise<Rule[]> {
  const answer = await prometheus.get<{ data: { groups: Array<{ rules: Rule[] }> } }>('rules');
  return (answer?.data.groups ?? []).flatMap((group) => group.rules);
}

/** The selectors of series in an expression: `name{...}` and names alone. */
function selectorsOf(expression: string): string[] {
  const names = /\b((?:grpc|kun|nodejs|process)_[a-z0-9_]+)(\{[^}]*\})?/g;
  const labels = new Set(['grpc_service', 'grpc_method', 'grpc_code', 'grpc_type']);
  // Labels stand in braces and after by; what is grouped by is no series.
  return [...expression.matchAll(names)]
    .filter(([, name]) => !labels.has(name!))
    .map(([, name, matchers = '']) => `${name}${matchers}`);
}

/** What TypeScript says of the JSON as a value of Grafana's own types for dashboards and panels. */
function faultsOf(json: string): string[] {
  const cache = join(ROOT, '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'dashboard-'));
  const file = join(folder, 'dashboard.ts');
  try {
    writeFileSync(file, `${TYPES}\nexport const dashboard: WrittenDashboard = ${json};\n`);
    const program = ts.createProgram([file], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ES2023,
    });
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Grafana's types as JSON writes them: the values of enums, and the options of each kind of panel. */
const TYPES = `
import type { Dashboard, FieldConfigSource, Panel, RowPanel } from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions, FieldConfig as TableField } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as LineOptions, FieldConfig as LineField } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Written<T> = T extends string ? \`\${T}\` : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : never)
  : T extends object ? { [K in keyof T]: Written<T[K]> } : T;
interface Query { refId: string; expr: string; legendFormat: string; datasource: { type: string; uid: string }; instant?: boolean; format?: 'table' }
type PanelOf<Type extends string, Options, Field> = Omit<Written<Panel>, 'options' | 'fieldConfig' | 'targets'> & {
  type: Type; options: Written<Options>; fieldConfig: { defaults: Omit<Written<FieldConfigSource['defaults']>, 'custom'> & { custom?: Written<Field> }; overrides: [] }; targets: Query[] };
type WrittenPanel = PanelOf<'stat', Partial<StatOptions>, never> | PanelOf<'timeseries', LineOptions, LineField> | PanelOf<'table', Partial<TableOptions>, Partial<TableField>>;
type WrittenDashboard = Omit<Written<Dashboard>, 'panels' | 'annotations'> & { uid: string; panels: Array<WrittenPanel | Written<RowPanel>>;
  annotations: { list: Array<{ name: string; enable: boolean; hide: boolean; iconColor: string; datasource: { type: string; uid: string }; target: { refId: string; expr: string } }> } };
`;
