import { key } from '../../declare.js';
import { count, seconds, toLimitMs, toMs } from '../../values.js';

/** The default limit of concurrent streams per connection. */
const DEFAULT_MAX_CONCURRENT_STREAMS = 1000;

/** Keys of `GRPCServer` for its callers' connections: how many calls each carries, and how long each lives. */
export const connectionLimitKeys = {
  MaxConnections: key('maxConnections', count('connections').optional(), {
    description:
      'How many connections may be open. Beyond that, the one idle for longest without any call is closed in favour of a new one; if all have calls, the new one is closed. 16 more are accepted for a few seconds, so that probes are always answered. Default: as many as the limit of open files allows, less a reserve for the admin port',
    unit: 'connections',
    reload: 'restart',
  }),
  MaxConcurrentStreams: key('maxConcurrentStreams', count('calls').default(DEFAULT_MAX_CONCURRENT_STREAMS), {
    description:
      'How many calls may be open on one connection; callers are told the number and wait. Calls beyond it are refused with REFUSED_STREAM',
    unit: 'calls',
    reload: 'restart',
  }),
  MaxConnectionAge: key('maxConnectionAgeMs', seconds().default(1800), {
    description:
      'How long a connection may live, ±10 %, before its client is asked to reconnect (GOAWAY), so that callers find new instances; its calls continue. A client without transparent retry may lose a call. 0: unlimited',
    unit: 'seconds',
    reload: 'restart',
    read: toLimitMs,
  }),
  MaxConnectionAgeGrace: key('maxConnectionAgeGraceMs', seconds().default(0), {
    description:
      'How long calls of a connection that has reached MaxConnectionAge may still take; they then end with UNAVAILABLE. 0: unlimited',
    unit: 'seconds',
    reload: 'restart',
    read: toLimitMs,
  }),
  MaxConnectionIdle: key('maxConnectionIdleMs', seconds().default(0), {
    description:
      'How long a connection may be without calls before it is closed (GOAWAY); its client reconnects for its next call. 0: unlimited',
    unit: 'seconds',
    reload: 'restart',
    read: toLimitMs,
  }),
  // As long as kun's clients wait.
  ConnectionTimeout: key('connectionTimeoutMs', seconds('positive').default(20), {
    description:
      'How long a new connection may take until calls can be made on it, TLS handshake and HTTP/2 preface included; it is then closed',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  KeepaliveTime: key('keepaliveTimeMs', seconds('positive').default(60), {
    description:
      'How long a connection with open calls may be silent before its caller is pinged (DisableKeepalive: never)',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  KeepaliveTimeout: key('keepaliveTimeoutMs', seconds('positive').default(20), {
    description:
      'How long the caller may take to send anything after the ping; the connection is then closed',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  StreamResetBurst: key('resetBurst', count('resets').optional(), {
    description:
      'How many calls of a connection may be reset by their caller before their deadline, or be refused, in a burst; beyond that the connection is closed with ENHANCE_YOUR_CALM (rapid reset, CVE-2023-44487). All connections together have three times as many; beyond that each has a tenth. Default: 2000; on grpc-js 10000, without a joint limit',
    unit: 'resets',
    reload: 'restart',
  }),
  StreamResetRate: key('resetsPerSecond', count('resets').optional(), {
    description:
      'How many more of them are allowed each second; all connections together have five times as many. Default: 100; on grpc-js 1000',
    unit: 'resets',
    reload: 'restart',
  }),
};
