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

/** All of kun's own configuration: each key as it is declared. */
export const kunSettings = section(
  undefined,
  {
    AdminPort: adminPort,
    Admin: admin,
    TerminationGracePeriod: key('gracePeriodMs', seconds('positive').optional(), {
      description: "The pod's terminationGracePeriodSeconds, which the stop must fit into",
      unit: 'seconds',
      reload: 'restart',
      // What Kubernetes gives a pod that says nothing.
      otherwise: inKubernetes(30, undefined, 'unbounded'),
      read: toLimitMs,
    }),
    StopCallbackTimeout: key('stopCallbackTimeoutMs', seconds('positive').default(5), {
      description: 'How long a single stop callback (lifecycle.onStop) may take; it is then left behind',
      unit: 'seconds',
      reload: 'restart',
      read: toMs,
    }),
    AllStopCallbacksTimeout: key('allStopCallbacksTimeoutMs', seconds('positive').default(10), {
      description:
        'How long all stop callbacks may take together, however many there are; those that are left are then called and not waited for',
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
        'Drain and exit 1 after a rejection that nobody handled, as after an error that nobody caught. When off, it is logged and counted, and the service goes on',
      reload: 'live',
    }),
    GRPCServer: grpcServer,
    GRPCDial: grpcDial,
    // Read for one upstream at a time, see `resolveUpstream`.
    Upstreams: part(upstreams.default({}), {
      description:
        'What differs for one upstream, by the name its client is registered under; each key goes over that of GRPCDial',
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
      /** The admin port, or `undefined` when none is opened. */
      admin: (said, { ports }: Surroundings) => openPort(ports?.admin, said.AdminPort, said.Admin.Address),
      /** The service's own HTTP port, or `undefined` when none is opened. */
      http: ({ HTTPServer }, { ports }: Surroundings) =>
        openPort(ports?.http, HTTPServer.Port, HTTPServer.Address),
    },
  },
);

/**
 * The schema of kun's own configuration keys, in kunapp's names and units, so that its files work as they are.
 * An unknown key is an error; each key's `meta()` has its description, unit and when a change takes effect.
 * `z.toJSONSchema(settingsSchema, { io: 'input' })` is the schema for editors.
 */
export const settingsSchema = kunSettings.object.check(({ value, issues }) => {
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
