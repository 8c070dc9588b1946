import { key, standard } from '../../declare.js';
import { count, seconds, size, toMs } from '../../values.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Keys of `GRPCServer` that limit what callers can make the wire keep and do; grpc-js supports none of them. A test
 * keeps the defaults equal to those of `@kun/wire`.
 */
export const wireLimitKeys = {
  MaxHeaderListSize: key('maxHeaderListBytes', count('bytes', { least: KIB, most: MIB }).optional(), {
    description:
      "Size of a call's headers as HTTP/2 counts it: name, value and 32 bytes per field; a call with more ends with RESOURCE_EXHAUSTED",
    unit: 'bytes',
    reload: 'restart',
    otherwise: standard(16 * KIB),
  }),
  MaxHeaderFields: key('maxHeaderFields', count('fields').optional(), {
    description: 'Number of header fields of a call; a call with more ends with RESOURCE_EXHAUSTED',
    unit: 'fields',
    reload: 'restart',
    otherwise: standard(128),
  }),
  HeaderTimeout: key('headerTimeoutMs', seconds('positive').optional(), {
    description:
      'How long the headers of a call, or any frame except DATA, may take from the first byte to the last; the connection is then closed',
    unit: 'seconds',
    reload: 'restart',
    otherwise: standard(10),
    read: toMs,
  }),
  OverheadBurst: key('overheadBurst', count('frames').optional(), {
    description:
      'Frames without payload (PING, SETTINGS, PRIORITY, empty DATA, WINDOW_UPDATE) that a connection may send in a burst, in addition to ten per call; beyond that it is closed with ENHANCE_YOUR_CALM',
    unit: 'frames',
    reload: 'restart',
    otherwise: standard(10_000),
  }),
  OverheadRate: key('overheadPerSecond', count('frames').optional(), {
    description: 'How many more of them are allowed each second',
    unit: 'frames',
    reload: 'restart',
    otherwise: standard(500),
  }),
  MaxUnfinishedRequestBytes: key('maxUnfinishedBytes', size('bytes').optional(), {
    description:
      'Total size of requests, over all callers, that are incomplete or not yet read by their handlers; compressed ones count with their full size while they are decompressed. Beyond that, the largest call of the connection that holds most ends with RESOURCE_EXHAUSTED',
    unit: 'bytes',
    reload: 'restart',
    otherwise: standard(256 * MIB),
  }),
  MaxUnsentResponseBytes: key('maxUnsentBytes', size('bytes').optional(), {
    description:
      'Total size of responses, over all callers, that wait for callers to read them. Beyond that, the largest call of the connection that holds most ends with RESOURCE_EXHAUSTED',
    unit: 'bytes',
    reload: 'restart',
    otherwise: standard(256 * MIB),
  }),
  MaxInflatingMessages: key('maxInflations', count('messages').optional(), {
    description: 'Compressed messages that are decompressed at the same time; further ones wait',
    unit: 'messages',
    reload: 'restart',
    otherwise: standard(4),
  }),
};
