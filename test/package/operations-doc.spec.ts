import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE } from '../e2e/running-process.js';
import { SpawnedService } from '../e2e/spawned-service.js';
import { blocksOf } from './markdown.js';
import { ROOT } from './published.js';

const run = promisify(execFile);
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const commands = blocksOf('docs/operations.md', page).flatMap(({ text }) => text.trim().split('\n'));
let service: SpawnedService;

beforeAll(async () => {
  // Any port for the inspector, since others may use the usual one.
  service = await SpawnedService.start({
    env: { NODE_OPTIONS: '--inspect-port=0' },
    // With all that has metrics of its own.
    config: {
      Zipkin: { Hosts: ['127.0.0.1:9'] },
      Metrics: { Otlp: { Endpoint: 'http://127.0.0.1:9' } },
    },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

describe('docs/operations.md', () => {
  it('names metrics that exist', async () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) =>
      [...row.matchAll(/`([a-z]+(?:_[a-z0-9]+)+)`/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(15);
    const text = await (await fetch(`http://127.0.0.1:${service.ports.admin}/metrics`)).text();
    const there = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    expect(named.filter((name) => name !== 'grpc_code' && !there.has(name))).toEqual([]);
  });

  it('explains a value with the command that it shows', async () => {
    const explain = commands.find((line) => line.includes('kun-config explain'));
    const [command = '', ...args] = explain?.replace(/^.* -- npx /, '').split(' ') ?? [];
    const { stdout } = await run(NODE, [join(ROOT, 'node_modules/.bin', command), ...args], {
      cwd: join(ROOT, 'apps/echo'),
      env: { ...process.env, KUN_SERVICE: 'echo' },
    });
    expect(stdout).toMatch(/GRPCServer\.Port.*50051.*conf\/echo\/public\.yaml:\d+:\d+/);
  });

  it('opens the inspector of a service that keeps running', async () => {
    const kill = commands.find((line) => line.includes('kill -'));
    expect(kill).toMatch(/ -- kill -USR1 1$/);
    const opened = service.process.errorLine((line) =>
      line.startsWith('Debugger listening on ws://127.0.0.1:'),
    );
    service.process.kill('SIGUSR1');
    expect(await opened).toBeDefined();
    expect((await fetch(`http://127.0.0.1:${service.ports.admin}/readyz`)).status).toBe(200);
  });
});
