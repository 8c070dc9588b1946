import { z } from 'zod';
import { routePatternProblem } from '../../grammar/route-name.js';
import { key, part, type Otherwise } from '../declare.js';
import { section, type Said } from '../section.js';
import { size, text } from '../values.js';

/** gRPC's own default: `DEFAULT_MAX_RECEIVE_MESSAGE_LENGTH` of every implementation, 4 MiB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** gRPC's framing has a 32-bit message length, so a larger limit means this one. */
export const PROTOCOL_MAX_MESSAGE_BYTES = 2 ** 32 - 1;

const WHEN_EXPORTED: Otherwise<boolean> = {
  text: 'on when an exporter is configured (Zipkin.Hosts)',
  of: ({ exporterConfigured }) => exporterConfigured,
};

/** The keys that `GRPCServer` and `GRPCDial` share, with the same meaning for incoming and outgoing calls. */
export const rpcKeys = {
  MaxMsgSize: key('maxMessageBytes', size('bytes').default(DEFAULT_MAX_MESSAGE_BYTES), {
    description: 'Largest message in either direction; a larger one ends its call with RESOURCE_EXHAUSTED',
    unit: 'bytes',
    reload: 'restart',
    read: (bytes) => Math.min(bytes, PROTOCOL_MAX_MESSAGE_BYTES),
  }),
  StrictMessages: key('strictMessages', z.boolean().default(true), {
    description:
      'Refuse to send a message with an unknown field or an invalid value: INTERNAL, with the path of the field in the log. When off, it is omitted or converted',
    reload: 'restart',
  }),
  Prometheus: key('metricsEnabled', z.boolean().default(true), {
    description: 'Count and time every call for /metrics',
    reload: 'restart',
  }),
  OpenTracing: key('tracingEnabled', z.boolean().optional(), {
    description: 'A span for every call',
    reload: 'restart',
    otherwise: WHEN_EXPORTED,
  }),
  DisableKeepalive: key('keepaliveEnabled', z.boolean().default(false), {
    description: 'Turn off the pings that detect dead connections',
    reload: 'restart',
    read: (disabled) => !disabled,
  }),
  /** Request ids and the line per finished call. */
  LoggingZap: key('loggingEnabled', z.boolean().default(true), {
    description: 'Propagate x-request-id with every call and log a line when the call has ended',
    reload: 'restart',
  }),
  LoggingAllRpc: part(z.boolean().default(false), {
    description: 'Also log the content of requests and responses',
    reload: 'live',
  }),
  LoggingRpcMaxSize: part(size('characters').default(1024), {
    description: 'How much of each message LoggingAllRpc logs',
    unit: 'characters',
    reload: 'live',
  }),
};

/** Live settings derived from several {@link rpcKeys}. */
export const rpcLive = {
  /** Characters of each message to log, or `undefined` when content is not logged. */
  contentMaxLength: (said: Said<typeof rpcKeys>) => (said.LoggingAllRpc ? said.LoggingRpcMaxSize : undefined),
};

/**
 * The section `Routing`: metadata propagated from incoming to outgoing calls, by which a proxy selects the version of a
 * service.
 */
export const routing = section('routing', {
  Allow: key('allow', z.array(text(routePatternProblem)).default([]), {
    description:
      'Names of metadata propagated from incoming calls to the outgoing calls made for them, such as AccountId; x-route-* allows all names with that prefix. Nothing else is forwarded',
    reload: 'restart',
  }),
});
