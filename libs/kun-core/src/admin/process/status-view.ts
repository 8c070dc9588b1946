import { createRequire } from 'node:module';
import { getHeapStatistics } from 'node:v8';
import type { Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import type { IdentityFields } from '../../identity/identity.js';
import type { Lifecycle } from '../../lifecycle/lifecycle.js';
import type { Liveness } from '../../lifecycle/liveness.js';
import type { Readiness } from '../../lifecycle/readiness.js';
import type { Startup } from '../../lifecycle/startup.js';
import type { StatusAnswer } from '../answers/process.js';
import type { ReadConfiguration } from './configuration-view.js';
import type { EventLoopWatch } from './event-loop-watch.js';
import { gcFigures } from './gc-figures.js';
import type { LogLevelOverride } from './log-level.js';

/** The sources of `/statusz`. */
export interface StatusParts {
  readonly identity: IdentityFields;
  /** Of this package. */
  readonly kunVersion: string;
  readonly clock: Clock;
  readonly lifecycle: Pick<Lifecycle, 'state'>;
  readonly readiness: Readiness;
  readonly liveness: Liveness;
  readonly startup: Startup;
  readonly configuration: Pick<ReadConfiguration, 'status'>;
  readonly registry: Registry;
  readonly logLevel: Pick<LogLevelOverride, 'answer'>;
  /** The open ports. */
  readonly ports: () => StatusAnswer['ports'];
  readonly features: () => StatusAnswer['features'];
  readonly admin: () => StatusAnswer['admin'];
}

/** The answer of `/statusz`; runs the checks, as the probes do. */
export async function statusView(parts: StatusParts, loop: EventLoopWatch): Promise<StatusAnswer> {
  const { clock, readiness, liveness, startup } = parts;
  const [figures, ready, alive, gc] = await Promise.all([
    loop.read(),
    readiness.report(),
    liveness.report(),
    gcFigures(parts.registry),
  ]);
  const holds = (ready['holds'] as { names?: string[] } | undefined)?.names ?? [];
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const { hash, loadedAt, lastReloadSuccessful, reloads, failures, needRestart } = parts.configuration.status;
  return {
    at: clock.now(),
    identity: identityOf(parts.identity),
    process: {
      pid: process.pid,
      kun: parts.kunVersion,
      node: process.version,
      startedAt: Math.round(Date.now() - process.uptime() * 1000),
      uptimeSeconds: Math.round(process.uptime()),
    },
    lifecycle: parts.lifecycle.state,
    phase: readiness.phase,
    ready: readiness.isReady,
    reasons: readiness.reasons,
    holds,
    readiness: ready,
    liveness: alive,
    started: startup.isStarted,
    ports: parts.ports(),
    ...figures,
    memory: {
      rss,
      heapUsed,
      heapTotal,
      heapLimit: getHeapStatistics().heap_size_limit,
      external,
      arrayBuffers,
    },
    gc,
    config: {
      hash,
      loadedAt: loadedAt.getTime(),
      lastReloadSuccessful,
      reloads,
      failures,
      needRestart,
    },
    logLevel: parts.logLevel.answer,
    features: parts.features(),
    admin: parts.admin(),
  };
}

function identityOf(fields: IdentityFields): StatusAnswer['identity'] {
  const { domain, namespace, cluster, service, instance, version, pod } = fields;
  return {
    domain,
    namespace,
    cluster,
    service,
    instance,
    ...(version !== undefined && { version }),
    ...(pod && {
      pod: { name: pod.name, ...(pod.namespace !== undefined && { namespace: pod.namespace }) },
    }),
  };
}

/** The version of this package, from its manifest. */
export function versionOfKun(): string {
  const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };
  return version;
}
