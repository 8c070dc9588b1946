import { z } from 'zod';
import { inKubernetes, key, part, type Surroundings } from './declare.js';
import { grpcDial } from './keys/grpc-dial.js';
import { grpcServer } from './keys/grpc-server.js';
import { logger } from './keys/logger.js';
import { metrics } from './keys/metrics.js';
import { admin } from './keys/admin.js';
import { adminPort, httpServer, openPort } from './keys/ports.js';
import { routing } from './keys/rpc.js';
import { tracing, zipkin } from './keys/tracing.js';
import { upstreams } from './keys/upstreams.js';
import { section } from './section.js';
import { seconds, toLimitMs, toMs } from './values.js';

/** All of kun's own configuration, as declared keys. */
export const kunSettings = section(
  undefined,
  {
    AdminPort: adminPort,
    Admin: admin,
    TerminationGracePeriod: key('gracePeriodMs', seconds('positive').optional(), {
      description: "The pod's terminationGracePeriodSeconds, within which the shutdown must fit",
      unit: 'seconds',
      reload: 'restart',
      // Kubernetes' default.
      otherwise: inKubernetes(30, undefined, 'unbounded'),
      read: toLimitMs,
    }),
    StopCallbackTimeout: key('stopCallbackTimeoutMs', seconds('positive').default(5), {
      description: 'How long a single stop callback (lifecycle.onStop) may take; it is then abandoned',
      unit: 'seconds',
      reload: 'restart',
      read: toMs,
    }),
    AllStopCallbacksTimeout: key('allStopCallbacksTimeoutMs', seconds('positive').default(10), {
      description:
        'How long all stop callbacks together may take; the remaining ones are then called without waiting for them',
      unit: 'seconds',
      reload: 'restart',
      read: toMs,
    }),
    DestroyHooksTimeout: key('destroyHooksTimeoutMs', seconds('positive').default(5), {
      description:
        "How long Nest's onModuleDestroy, beforeApplicationShutdown and onApplicationShutdown may take, all together",
      unit: 'seconds',
      reload: 'restart',
      read: toMs,
    }),
    ExitOnUnhandledRejection: key('exitOnUnhandledRejection', z.boolean().default(true), {
      description:
        'Drain and exit with code 1 after an unhandled rejection, as after an uncaught error. When off, it is logged and counted, and the service keeps running',
      reload: 'live',
    }),
    GRPCServer: grpcServer,
    GRPCDial: grpcDial,
    // Read for one upstream at a time, see `resolveUpstream`.
    Upstreams: part(upstreams.default({}), {
      description: 'Settings of single upstreams, by client name; each key overrides that of GRPCDial',
      reload: 'restart',
    }),
    Routing: routing,
    HTTPServer: httpServer,
    Zipkin: zipkin,
    Tracing: tracing,
    Metrics: metrics,
    Logger: logger,
  },
  {
    fixed: {
      /** The admin port, or `undefined` if none is opened. */
      admin: (said, { ports }: Surroundings) => openPort(ports?.admin, said.AdminPort, said.Admin.Address),
      /** The service's own HTTP port, or `undefined` if none is opened. */
      http: ({ HTTPServer }, { ports }: Surroundings) =>
        openPort(ports?.http, HTTPServer.Port, HTTPServer.Address),
    },
  },
);

/**
 * The schema of kun's own configuration keys, in kunapp's names and units, so that its files work unchanged. An unknown
 * key is an error; each key's `meta()` has its description, unit and when a change takes effect.
 * `z.toJSONSchema(settingsSchema, { io: 'input' })` is the schema for editors.
 */
export const settingsSchema = kunSettings.object.check(({ value, issues }) => {
  for (const clash of portClashes(value)) issues.push({ code: 'custom', input: value, ...clash });
});

/** kun's own validated configuration: every key of a section is present, in the file's names and units. */
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
      clashes.push({
        path: name.split('.'),
        message: `port ${number} is already used by ${owner}; choose another`,
      });
    }
    owners.set(number, name);
  }
  return clashes;
}
