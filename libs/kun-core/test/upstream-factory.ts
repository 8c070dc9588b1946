import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Configuration, loadConfig } from '@kun/config';
import { Registry } from 'prom-client';
import { systemClock } from '../src/clock.js';
import { UpstreamFactory } from '../src/client/upstreams/upstream-factory.js';
import { Upstreams } from '../src/client/upstreams/upstreams.js';
import { Readiness } from '../src/lifecycle/readiness.js';
import { openLogger } from '../src/logs/application-logger.js';
import { CallMetrics } from '../src/metrics/call-metrics.js';
import { ClientCallCounts, RetryCounts } from '../src/metrics/client-calls.js';
import type { Interceptor } from '../src/rpc/interceptor.js';
import { LiveSettings } from '../src/settings/live-settings.js';
import { settingsSchema, type Settings } from '../src/settings/settings.js';
import { LogRecorder } from '../src/testing/log-recorder.js';
import { PROTO } from './serve.js';

/** A factory of upstreams with a configuration of its own, whose text can be written anew; `ends` is called after the test. */
export async function upstreamFactory(
  ends: Array<() => unknown>,
  yaml: string,
  own: readonly Interceptor[] = [],
) {
  const base = mkdtempSync(join(tmpdir(), 'kun-upstream-'));
  ends.push(() => rmSync(base, { recursive: true }));
  mkdirSync(join(base, 'conf', 's'), { recursive: true });
  writeFileSync(join(base, 't.proto'), PROTO);
  const file = join(base, 'conf', 's', 'public.yaml');
  writeFileSync(file, `${yaml}\n`);
  const places = { base, service: 's', cluster: 'c', instance: 'i' };
  const configuration = new Configuration<Settings>(
    (await loadConfig({ ...places, schemas: [settingsSchema] })) as never,
  );
  const live = new LiveSettings(configuration, { inKubernetes: false, ports: undefined });
  const registry = new Registry();
  const upstreams = new Upstreams();
  ends.push(() => upstreams.close());
  const readiness = new Readiness();
  const lines = new LogRecorder();
  const factory = new UpstreamFactory({
    bases: [base],
    live,
    upstreams,
    readiness,
    clock: systemClock,
    draining: new AbortController().signal,
    logger: await openLogger({ identity: {}, destination: lines }),
    metrics: new CallMetrics(registry, { side: 'client', ...live.settings.metrics }),
    calls: new ClientCallCounts(registry),
    retries: new RetryCounts(registry),
    tracing: undefined,
    recent: () => undefined,
    interceptorsOf: () => own,
  });
  return {
    factory,
    upstreams,
    readiness,
    lines,
    metrics: (name: string) => registry.getSingleMetricAsString(name),
    write: async (next: string) => {
      writeFileSync(file, `${next}\n`);
      await configuration.reload();
    },
  };
}
