import { exec } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { status } from '@grpc/grpc-js';
import { Readiness } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './published.js';

const run = promisify(exec);
const page = readFileSync(join(ROOT, 'docs/debugging.md'), 'utf8');
const configuration = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');

interface Echo {
  echo(request: object, options: { timeoutMs: number }): Promise<object>;
  watch(request: object): AsyncIterable<object>;
}

/** The block with this tag behind its language. */
function shown(tag: string): string {
  const block = new RegExp(`^\`\`\`\\w+ ${tag}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1];
  if (block === undefined) throw new Error(`docs/debugging.md has no block ${tag}`);
  return block.trim();
}
const json = (tag: string): object => Object(JSON.parse(shown(tag))) as object;
const code = [...page.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);

describe('docs/debugging.md', () => {
  let service: TestService;
  let echo: Echo;

  beforeAll(async () => {
    const { AppModule } = (await import(join(ROOT, 'apps/echo/dist/app.module.js'))) as {
      AppModule: new () => object;
    };
    // A collector that is not there, so that the metrics of spans are.
    service = await startTestService(AppModule, { overrides: { Zipkin: { Hosts: ['127.0.0.1:9'] } } });
    echo = service.client<Echo>('kun.echo.v1.EchoService');
  });
  afterAll(() => service.close());

  it('shows the calls in flight with the command that it names', async () => {
    const events = echo.watch({ count: 0, interval_ms: 1000 })[Symbol.asyncIterator]();
    await events.next();
    try {
      const command = page.split('\n').find((line) => line.includes('in_flight') && line.startsWith('curl'));
      const admin = service.adminUrl.replace('http://', '');
      const { stdout } = await run(command?.replace('localhost:8081', admin) ?? 'false');
      expect(stdout.trim()).toBe(shown('in flight'));
    } finally {
      await events.return?.();
    }
  });

  it('shows the line of a call whose time was up', async () => {
    const request = { message: 'a', delay_ms: 60_000 };
    await expect(echo.echo(request, { timeoutMs: 50 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    const line = await service.logs.waitFor((entry) => entry['grpc.code'] === 'DeadlineExceeded');
    // Which of both ends wins the race for the deadline is open; the code is the same.
    const { 'grpc.error': _, ...fields } = json('deadline') as Record<string, unknown>;
    expect(line).toMatchObject(fields);
    expect(Object.keys(line)).toEqual(
      expect.arrayContaining(['grpc.time_ms', 'grpc.start_time', 'grpc.request.deadline']),
    );
  });

  it('shows what /readyz and the log say of what is in the way', async () => {
    const readiness = service.app.get(Readiness);
    const release = readiness.hold('full-sync');
    const remove = readiness.addCheck('database', () => {
      throw new Error('connection refused');
    });
    try {
      const response = await fetch(`${service.adminUrl}/readyz`);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ error: json('not ready') });
      expect(service.logs.lines).toContainEqual(expect.objectContaining(json('check')));
    } finally {
      release();
      remove();
    }
    const there = await (await fetch(`${service.adminUrl}/readyz`)).json();
    const named = [...page.matchAll(/^\| `(lifecycle|service|holds)` /gm)].map(([, name]) => name);
    expect(Object.keys(Object(Object(there).info))).toEqual(expect.arrayContaining(named));
    expect(named).toHaveLength(3);
  });

  it('shows where a value comes from with the command that it names', async () => {
    const [command = '', ...lines] = shown('explain').split('\n');
    const env = { ...process.env, KUN_SERVICE: 'echo', KUN_CONF__GRPCSERVER__PORT: '50052' };
    const { stdout } = await run(command.replace(/^\$ /, ''), { cwd: join(ROOT, 'apps/echo'), env });
    expect(stdout.trim()).toBe(lines.join('\n'));
    await expect(run('npx kun-config check', { cwd: join(ROOT, 'apps/echo') })).resolves.toBeDefined();
  });

  it('names metrics that exist', async () => {
    const text = await service.metrics();
    const metrics = code.filter((name) => /^(?:grpc|kun|nodejs|process)_[a-z0-9_]+[a-z0-9]$/.test(name));
    expect(metrics.length).toBeGreaterThan(8);
    expect(metrics.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
  });

  it('names keys that there are', () => {
    const keys = code.filter((name) => /^(?:[A-Z][A-Za-z]+\.)?[A-Z][a-z]+[A-Za-z.]*$/.test(name));
    const known = new Set([...configuration.matchAll(/^\| `([\w.*]+)` \|/gm)].map(([, key]) => key));
    const sections = new Map<string, Set<string>>();
    for (const [, section = '', body = ''] of configuration.matchAll(
      /^### (\w+)\n([\s\S]*?)(?=^##|$(?![\s\S]))/gm,
    )) {
      sections.set(section, new Set([...body.matchAll(/^\| `([\w.*]+)` \|/gm)].map(([, key = '']) => key)));
    }
    const missing = keys.filter((key) => {
      const [first = '', ...rest] = key.split('.');
      return !known.has(key) && !sections.get(first)?.has(rest.join('.'));
    });
    expect(keys.length).toBeGreaterThan(12);
    // A section as a whole.
    expect(missing.filter((key) => key !== 'Retry')).toEqual([]);
  });

  it('shows the line of a clean stop', async () => {
    await service.close();
    const line = await service.logs.waitFor(({ msg }) => msg === 'stopped');
    expect(line).toMatchObject(json('stopped'));
  });
});
