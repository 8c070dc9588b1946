import type { Provider } from '@nestjs/common';
import { checkModuleOptions } from './check-options.js';
import { clientProviders } from './client.providers.js';
import { serverProvider } from './server.providers.js';
import { telemetryProviders } from './telemetry.providers.js';
import { Identity } from '../identity/identity.js';
import { readIdentity } from '../identity/read-identity.js';
import { portOverrides } from './options.js';
import { provide } from './provide.js';
import { KUN_SETTINGS, clockOf } from './tokens.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { Liveness } from '../lifecycle/liveness.js';
import { Readiness } from '../lifecycle/readiness.js';
import { Startup } from '../lifecycle/startup.js';
import { readOtelEnvironment } from '../traces/otel-environment.js';
import { RecentCalls } from '../recent/recent-calls.js';
import { LiveSettings } from '../settings/live-settings.js';
import { required } from './entrance.js';
import { LogRouter } from '../logs/log-router.js';
import { STATUS_FILTER_OPTIONS } from '../status/thrown/status.filter.js';
import type { ToStatusErrorOptions } from '../status/thrown/to-status-error.js';
import type { ApplicationLogger } from '../logs/application-logger.js';

/** Resolved before the configuration, because it selects the layers. */
export const identityProvider = provide(
  Identity,
  ['options', 'runtime', 'entrance'],
  ({ options, runtime: { env }, entrance }) => {
    const known = required(entrance);
    // The first thing made from the options, wherever they came from.
    checkModuleOptions(options);
    const { service, version } = options;
    return (known.identity = readIdentity({ service, version, ...(env && { env }) }));
  },
);

/** Exists before the application, so that no log line is lost. */
const logProvider = provide(LogRouter, ['entrance'], ({ entrance }) => required(entrance).log);

const settingsProviders: Provider[] = [
  provide(
    LiveSettings,
    ['configuration', 'identity', 'runtime'],
    ({
      configuration,
      identity: { inKubernetes },
      runtime: { spanExporters = [], env = process.env, ...runtime },
    }) =>
      new LiveSettings(configuration, {
        inKubernetes,
        ports: portOverrides(runtime),
        spansTaken: spanExporters.length > 0 || takesSpans(env),
      }),
  ),
  // The resolved settings, which most providers depend on.
  provide(KUN_SETTINGS, ['live'], ({ live }) => live.settings),
  provide(STATUS_FILTER_OPTIONS, ['settings'], ({ settings: { logger } }): ToStatusErrorOptions => ({
    development: logger.development,
  })),
];

const lifecycleProviders: Provider[] = [
  provide(Lifecycle, ['runtime'], ({ runtime }) => new Lifecycle(clockOf(runtime))),
  provide(
    Readiness,
    ['runtime', 'logger', 'configuration'],
    ({ runtime, logger: { pino }, configuration }) => {
      const readiness = new Readiness({ clock: clockOf(runtime), logger: probeLogger(pino) });
      // An unusable file has to be fixed by somebody, but is no reason to take the instance out of rotation.
      readiness.addNote('configuration', () => {
        const { lastReloadSuccessful, hash } = configuration.status;
        return { status: lastReloadSuccessful ? 'up' : 'degraded', hash };
      });
      return readiness;
    },
  ),
  provide(Liveness, ['logger'], ({ logger: { pino } }) => new Liveness({ logger: probeLogger(pino) })),
  Startup,
];

/** Everything of a service except its identity. */
export const kunProviders: Provider[] = [
  logProvider,
  ...clientProviders,
  ...settingsProviders,
  ...telemetryProviders,
  RecentCalls,
  ...lifecycleProviders,
  serverProvider,
];

function probeLogger(pino: ApplicationLogger['pino']) {
  const child = pino.child({ context: 'Probes' });
  return {
    log: (message: string) => child.info(message),
    warn: (message: string) => child.warn(message),
  };
}

/** Whether OpenTelemetry's environment variables configure a trace collector. */
function takesSpans(env: Readonly<Record<string, string | undefined>>): boolean {
  const { otlp, zipkin, disabled } = readOtelEnvironment(env);
  return !disabled && (otlp !== undefined || zipkin !== undefined);
}
