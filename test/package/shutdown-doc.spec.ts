import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KUN_SETTINGS, KunFactory, type ResolvedSettings } from '@kun/core';
import { LogRecorder, startTestService } from '@kun/core/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { blocksOf } from './markdown.js';
import { ROOT } from './published.js';

const MARK = '<!-- Written by `npm run docs` from the stop plan. -->';
const END = '<!-- The end of the stop plan. -->';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const echo = async () => {
  const { AppModule } = (await import(join(ROOT, 'apps/echo/dist/app.module.js'))) as {
    AppModule: new () => object;
  };
  return AppModule;
};

describe('docs/shutdown.md', () => {
  it('shows the report as it is', async () => {
    const service = await startTestService(await echo());
    await service.close();
    const shown = blocksOf('docs/shutdown.md', read('docs/shutdown.md')).find(
      ({ language }) => language === 'json',
    );
    const report: unknown = JSON.parse(shown?.text ?? '');
    const line = await service.logs.waitFor(({ msg }) => msg === 'stopped');
    const same = (field: string) => fieldsOf(line[field]);
    expect(Object.keys(line)).toEqual(expect.arrayContaining(Object.keys(Object(report))));
    const [, table = ''] = read('docs/shutdown.md').split(MARK);
    const steps = [...(table.split(END)[0] ?? '').matchAll(/^\| ([A-Za-z ]+?) +\|/gm)].map(
      (match) => match[1],
    );
    // The example opens no HTTP port of its own.
    const named = steps.filter((step) => !['step', 'HTTP port', 'microservices'].includes(step ?? ''));
    expect(named).toEqual(Object.keys(Object(line['phases_ms'])));
    expect(same('phases_ms')).toEqual(fieldsOf(Reflect.get(Object(report), 'phases_ms')));
  });
});

describe('the check of the stop plan', () => {
  it('warns at the start when it does not fit, with the words of the docs, and not for their remedy', async () => {
    const blocks = blocksOf('docs/shutdown.md', read('docs/shutdown.md'));
    const example = blocks.find(({ text }) => text.includes('TerminationGracePeriod'))?.text ?? '';
    const warning = blocks.find(({ language }) => language === 'text')?.text.trim() ?? '';
    const overrides = parse(example) as Record<string, unknown>;
    const warningsOf = async (changes: object) => {
      const service = await startTestService(await echo(), {
        env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUN_SERVICE: 'echo' },
        overrides: { ...overrides, ...changes },
      });
      const lines = service.logs.where(({ level }) => level === 'warn').map(({ msg }) => msg);
      service.app.lifecycle.force();
      await service.close();
      return lines;
    };
    expect(await warningsOf({})).toEqual([]);
    expect(await warningsOf({ TerminationGracePeriod: 30 })).toEqual([expect.stringContaining(warning)]);
    // What Kubernetes does when the pod says nothing.
    expect(await warningsOf({ TerminationGracePeriod: undefined })).toHaveLength(1);
  });
});

describe('the timeline of the README', () => {
  it('has the times of the defaults in Kubernetes', async () => {
    const app = await KunFactory.create(await echo(), {
      env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUN_SERVICE: 'echo' },
      logDestination: new LogRecorder(),
    });
    const { grpc } = app.get<ResolvedSettings>(KUN_SETTINGS);
    await app.close();
    const times = [...read('README.md').matchAll(/^ \+(\d+) s +(.*?) over/gm)].map(([, time, key]) => [
      key,
      Number(time),
    ]);
    expect(Object.fromEntries(times)).toEqual({
      'GRPCServer.PreStopDelay': grpc.preStopDelayMs / 1000,
      'GRPCServer.StreamGracePeriod': (grpc.preStopDelayMs + grpc.streamGraceMs) / 1000,
      'GRPCServer.GrpcGracefulStopTimeout': (grpc.preStopDelayMs + grpc.drainTimeoutMs) / 1000,
    });
  });
});

function fieldsOf(value: unknown): string[] {
  return Object.keys(Object(value)).toSorted();
}
