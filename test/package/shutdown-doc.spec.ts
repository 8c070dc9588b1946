import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KUN_SETTINGS, KunFactory, type ResolvedSettings } from '@kun/core';
import { LogRecorder, startTestService } from '@kun/core/testing';
import { describe, expect, it } from 'vitest';
import { blocksOf } from './markdown.js';
import { ROOT } from './published.js';

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
    const steps = [...read('docs/shutdown.md').matchAll(/^\| ([A-Za-z ]+?) +\|/gm)].map((match) => match[1]);
    // The example opens no HTTP port of its own.
    const named = steps.filter((step) => !['step', 'HTTP port', 'microservices'].includes(step ?? ''));
    expect(named).toEqual(Object.keys(Object(line['phases_ms'])));
    expect(same('phases_ms')).toEqual(fieldsOf(Reflect.get(Object(report), 'phases_ms')));
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
