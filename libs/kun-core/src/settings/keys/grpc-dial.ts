import { z } from 'zod';
import { key, part } from '../declare.js';
import { section, type FixedSaid, type Said } from '../section.js';
import { port, seconds, toLimitMs, toMs } from '../values.js';
import { retry } from './retry.js';
import { rpcKeys, rpcLive } from './rpc.js';
import { clientTls } from './tls.js';

/** The keys of `GRPCDial` that an upstream may override as they are. */
export const dialKeys = {
  // The default is MIN_CONNECT_TIMEOUT of gRPC's connection backoff.
  Timeout: key('connectTimeoutMs', seconds('positive').default(20), {
    description: 'How long connecting to an upstream may take',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  Block: key('waitAtStart', z.boolean().default(false), {
    description: 'Wait for the connection at start, up to Timeout, and refuse to start without it',
    reload: 'restart',
  }),
  Insecure: part(z.boolean().optional(), {
    description:
      'Plaintext, as inside a mesh that encrypts by itself. When off: TLS. Default: on, unless there is a TLS section',
    reload: 'restart',
  }),
  // The default is Envoy's default route timeout.
  CallTimeout: key('callTimeoutMs', seconds().default(15), {
    description:
      "How long a unary call may take, including retries and backoff; 0: limited only by its caller's deadline. Streams have no such limit",
    unit: 'seconds',
    reload: 'live',
    read: toLimitMs,
  }),
  Errors: key('errorPolicy', z.enum(['pass', 'map', 'mask']).default('map'), {
    description:
      "What the caller sees of an upstream's error that a handler lets through. pass: all of it; map: CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED and UNAVAILABLE by their code, others as INTERNAL; mask: INTERNAL",
    reload: 'restart',
  }),
  LoadBalancing: key('loadBalancing', z.enum(['round_robin', 'pick_first']).optional(), {
    description:
      'How calls are distributed over the addresses of a target. Default: round_robin for a host name, pick_first for a sidecar or a single address',
    reload: 'restart',
  }),
  KeepaliveTime: key('keepaliveTimeMs', seconds('positive').default(60), {
    description: 'How long a connection with open calls may be silent before the peer is pinged',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  KeepaliveTimeout: key('keepaliveTimeoutMs', seconds('positive').default(20), {
    description: 'How long the peer may take to answer the ping; the connection is then closed',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  ...rpcKeys,
};

const keys = {
  ...dialKeys,
  WithProxyPort: key('proxyPort', port().optional(), {
    description: "Dial the sidecar at this port of localhost and keep the upstream's name as :authority",
    unit: 'port',
    reload: 'restart',
    // An upstream may set 0 for none.
    read: (said) => said || undefined,
  }),
  Retry: retry,
  TLS: clientTls,
};

/** The section `GRPCDial` as validated, in the file's own names and units. */
export type GrpcDialSettings = Said<typeof keys>;

/** The section `GRPCDial`: outgoing calls, unless overridden for an upstream. */
export const grpcDial = section('dial', keys, {
  fixed: {
    plaintext: isPlaintext,
    /** TLS files and server name; `undefined` for plaintext. */
    tls: (said, surroundings) =>
      isPlaintext(said) ? undefined : clientTls.readPresent(said.TLS ?? {}, surroundings),
  },
  live: rpcLive,
});

function isPlaintext(said: FixedSaid<typeof keys>): boolean {
  return said.Insecure ?? said.TLS === undefined;
}
