import { key } from '../../declare.js';
import { count, seconds, toLimitMs, toMs } from '../../values.js';

/** Streams of a connection that may be open at once where nothing is said. */
const DEFAULT_MAX_CONCURRENT_STREAMS = 1000;

/** Keys of `GRPCServer` for the connections of its callers: how many calls each carries, and how long each lives. */
export const connectionKeys = {
  MaxConnections: key('maxConnections', count('connections').optional(), {
    description:
      'How many connections may be open; beyond it the one that has waited longest without a call is closed for a new one, and where all have calls the new one is. 16 more are taken for a few seconds, so that a probe is always answered. Default: as many as the limit of open files allows, less what is kept for the admin port',
    unit: 'connections',
    reload: 'restart',
  }),
  MaxConcurrentStreams: key('maxConcurrentStreams', count('calls').default(DEFAULT_MAX_CONCURRENT_STREAMS), {
    description:
      'How many calls may be open on one connection; callers know the number and wait. Those that do not are refused with REFUSED_STREAM',
    unit: 'calls',
    reload: 'restart',
  }),
  MaxConnectionAge: key('maxConnectionAgeMs', seconds().default(1800), {
    description:
      'How old a connection may grow before its client is asked to make another, give or take a tenth, so that callers find new instances; calls on it go on. A client without transparent retry may lose a call by it. 0: any age',
    unit: 'seconds',
    reload: 'restart',
    read: toLimitMs,
  }),
  MaxConnectionAgeGrace: key('maxConnectionAgeGraceMs', seconds().default(0), {
    description:
      'How long calls of a connection that has reached MaxConnectionAge may still take; they then end with UNAVAILABLE. 0: as long as they take',
    unit: 'seconds',
    reload: 'restart',
    read: toLimitMs,
  }),
  MaxConnectionIdle: key('maxConnectionIdleMs', seconds().default(0), {
    description:
      'How long a connection may be without calls before its client is asked to leave (GOAWAY); it connects again for its next call. 0: as long as it likes',
    unit: 'seconds',
    reload: 'restart',
    read: toLimitMs,
  }),
  // As long as kun's clients wait.
  ConnectionTimeout: key('connectionTimeoutMs', seconds('positive').default(20), {
    description:
      'How long a new connection may take until calls can be made over it, the TLS handshake and the beginning of HTTP/2 together; it is then closed',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  KeepaliveTime: key('keepaliveTimeMs', seconds('positive').default(60), {
    description:
      'How long a connection with open calls may be silent before its caller is asked whether it is there (DisableKeepalive: never)',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  KeepaliveTimeout: key('keepaliveTimeoutMs', seconds('positive').default(20), {
    description: 'How long the caller has to answer, whatever it says; after that the connection is cut',
    unit: 'seconds',
    reload: 'restart',
    read: toMs,
  }),
  StreamResetBurst: key('resetBurst', count('resets').optional(), {
    description:
      'How many calls of a connection may be reset by their caller before their deadline, or be refused, at once; with more it ends, ENHANCE_YOUR_CALM (rapid reset, CVE-2023-44487). All connections together have three times as many; beyond that each has a tenth. Default: 2000; on grpc-js 10000, and none for all together',
    unit: 'resets',
    reload: 'restart',
  }),
  StreamResetRate: key('resetsPerSecond', count('resets').optional(), {
    description:
      'How many of them are allowed anew each second; all connections together have five times as many. Default: 100; on grpc-js 1000',
    unit: 'resets',
    reload: 'restart',
  }),
};
