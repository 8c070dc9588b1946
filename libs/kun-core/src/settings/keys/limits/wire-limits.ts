import { key, standard } from '../../declare.js';
import { count, seconds, size, toMs } from '../../values.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Keys of `GRPCServer` for what callers may make the wire keep and do; of these grpc-js has none. The defaults are those of
 * `@kun/wire`, to which a test holds them.
 */
export const wireLimitKeys = {
  MaxHeaderListSize: key('maxHeaderListBytes', count('bytes', { least: KIB, most: MIB }).optional(), {
    description:
      "A call's headers as HTTP/2 counts them: name, value and 32 bytes for a field; a call with more is RESOURCE_EXHAUSTED",
    unit: 'bytes',
    reload: 'restart',
    otherwise: standard(16 * KIB),
  }),
  MaxHeaderFields: key('maxHeaderFields', count('fields').optional(), {
    description: "Fields of a call's headers; a call with more is RESOURCE_EXHAUSTED",
    unit: 'fields',
    reload: 'restart',
    otherwise: standard(128),
  }),
  HeaderTimeout: key('headerTimeoutMs', seconds('positive').optional(), {
    description:
      'How long the headers of a call, or any frame but DATA, may take from the first byte to the last; the connection is then cut',
    unit: 'seconds',
    reload: 'restart',
    otherwise: standard(10),
    read: toMs,
  }),
  OverheadBurst: key('overheadBurst', count('frames').optional(), {
    description:
      'Frames that carry nothing (PING, SETTINGS, PRIORITY, empty DATA, updates of windows) that a connection may send at once, beside ten for each call; with more it ends, ENHANCE_YOUR_CALM',
    unit: 'frames',
    reload: 'restart',
    otherwise: standard(10_000),
  }),
  OverheadRate: key('overheadPerSecond', count('frames').optional(), {
    description: 'How many of them are allowed anew each second',
    unit: 'frames',
    reload: 'restart',
    otherwise: standard(500),
  }),
  MaxUnfinishedRequestBytes: key('maxUnfinishedBytes', size('bytes').optional(), {
    description:
      'Bytes of requests, of all callers together, that are not complete or not read by their handlers, compressed ones with their full size while they inflate; beyond it the largest call of the connection that holds most ends with RESOURCE_EXHAUSTED',
    unit: 'bytes',
    reload: 'restart',
    otherwise: standard(256 * MIB),
  }),
  MaxUnsentResponseBytes: key('maxUnsentBytes', size('bytes').optional(), {
    description:
      'Bytes of answers, to all callers together, that wait for callers to read them; beyond it the largest call of the connection that holds most ends with RESOURCE_EXHAUSTED',
    unit: 'bytes',
    reload: 'restart',
    otherwise: standard(256 * MIB),
  }),
  MaxInflatingMessages: key('maxInflations', count('messages').optional(), {
    description: 'Compressed messages that are inflated at the same time; further ones wait',
    unit: 'messages',
    reload: 'restart',
    otherwise: standard(4),
  }),
};
