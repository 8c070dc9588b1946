import { z } from 'zod';
import { adminSettings } from './admin.settings.js';
import { grpcDialSettings } from './grpc-dial.settings.js';
import { grpcServerSettings } from './grpc-server.settings.js';
import { httpServerSettings } from './http-server.settings.js';
import { loggerSettings } from './logger.settings.js';
import { port, seconds, setting } from './setting.js';
import { metricsSettings } from './metrics.settings.js';
import { routingSettings } from './routing.settings.js';
import { tracingSettings } from './tracing.settings.js';
import { upstreamsSettings } from './upstreams.settings.js';
import { zipkinSettings } from './zipkin.settings.js';

/** `AdminPort` when no layer sets it. */
export const DEFAULT_ADMIN_PORT = 8081;

/** How long Kubernetes waits between SIGTERM and SIGKILL unless the pod says otherwise, in seconds. */
export const KUBERNETES_GRACE_PERIOD = 30;

/**
 * The schema of kun's own configuration keys, in kunapp's names and units, so that its files work as they are.
 * An unknown key is an error; each key's `meta()` has its description, unit and when a change takes effect.
 * `z.toJSONSchema(settingsSchema, { io: 'input' })` is the schema for editors.
 */
export const settingsSchema = z
  .strictObject({
    AdminPort: setting(port(0).default(DEFAULT_ADMIN_PORT), {
      description: 'Port of the probes and metrics; 0: no admin port is opened',
      unit: 'port',
      reload: 'restart',
    }),
    Admin: adminSettings.prefault({}),
    TerminationGracePeriod: setting(seconds('positive').optional(), {
      description:
        "The pod's terminationGracePeriodSeconds, which the stop must fit into. Default: 30 in Kubernetes, unbounded outside",
      unit: 'seconds',
      reload: 'restart',
    }),
    ExitOnUnhandledRejection: setting(z.boolean().default(true), {
      description:
        'Drain and exit 1 after a rejection that nobody handled, as after an error that nobody caught. When off, it is logged and counted, and the service goes on',
      reload: 'live',
    }),
    GRPCServer: grpcServerSettings.prefault({}),
    GRPCDial: grpcDialSettings.prefault({}),
    Upstreams: setting(upstreamsSettings.default({}), {
      description:
        'What differs for one upstream, by the name its client is registered under; each key goes over that of GRPCDial',
      reload: 'restart',
    }),
    Routing: routingSettings.prefault({}),
    HTTPServer: httpServerSettings.prefault({}),
    Zipkin: zipkinSettings.prefault({}),
    Tracing: tracingSettings.prefault({}),
    Metrics: metricsSettings.prefault({}),
    Logger: loggerSettings.prefault({}),
  })
  .check(({ value, issues }) => {
    for (const clash of portClashes(value)) issues.push({ code: 'custom', input: value, ...clash });
  });

/** kun's own configuration as validated: every key of a section is there, in the file's names and units. */
export type Settings = z.output<typeof settingsSchema>;

interface PortClash {
  readonly path: string[];
  readonly message: string;
}

function portClashes(settings: {
  readonly AdminPort: number;
  readonly GRPCServer: { readonly Port: number };
  readonly HTTPServer: { readonly Port: number };
}): PortClash[] {
  const owners = new Map([[settings.GRPCServer.Port, 'GRPCServer.Port']]);
  const clashes: PortClash[] = [];
  for (const [name, number] of [
    ['HTTPServer.Port', settings.HTTPServer.Port],
    ['AdminPort', settings.AdminPort],
  ] as const) {
    const owner = owners.get(number);
    if (number !== 0 && owner) {
      clashes.push({ path: name.split('.'), message: `port ${number} is taken by ${owner}; choose another` });
    }
    owners.set(number, name);
  }
  return clashes;
}
