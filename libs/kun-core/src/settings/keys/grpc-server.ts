import { z } from 'zod';
import { inKubernetes, key } from '../declare.js';
import { section } from '../section.js';
import { address, port, seconds, toMs } from '../values.js';
import { connectionLimitKeys } from './limits/connection-limits.js';
import { wireLimitKeys } from './limits/wire-limits.js';
import { rpcKeys, rpcLive } from './rpc.js';
import { serverTls } from './tls.js';

/** The section `GRPCServer`: incoming calls. */
export const grpcServer = section(
  'grpc',
  {
    // The default is the port used in gRPC's own examples.
    Port: key('port', port().default(50051), {
      description: 'Port of the gRPC server',
      unit: 'port',
      reload: 'restart',
      // 0 picks any free port.
      read: (said, { ports }) => ports?.grpc ?? said,
    }),
    Address: key('address', address().optional(), {
      description: 'Address the gRPC server listens on. Default: all interfaces, IPv6 and IPv4',
      reload: 'restart',
    }),
    Recovery: key('recoveryEnabled', z.boolean().default(true), {
      description:
        'Answer INTERNAL when a handler throws and keep running. When off, the caller gets INTERNAL and the process drains and exits with code 1',
      reload: 'restart',
    }),
    CtxTags: key('tagsEnabled', z.boolean().default(true), {
      description: 'Tags of a call, set by handlers and shown in its log line and span',
      reload: 'restart',
    }),
    Reflection: key('reflectionEnabled', z.boolean().default(false), {
      description:
        'Serve grpc.reflection.v1, so that tools can list services and call them without the proto files',
      reload: 'restart',
    }),
    PreStopDelay: key('preStopDelayMs', seconds().optional(), {
      description:
        'How long new calls are still accepted after readiness fails, while the endpoint is removed from load balancing',
      unit: 'seconds',
      reload: 'restart',
      otherwise: inKubernetes(5, 0),
      read: toMs,
    }),
    GrpcGracefulStopTimeout: key('drainTimeoutMs', seconds().default(20), {
      description:
        'How long calls in flight may take to finish, counted from the GOAWAY; the remaining ones are then forced',
      unit: 'seconds',
      reload: 'restart',
      read: toMs,
    }),
    StreamGracePeriod: key('streamGraceMs', seconds().default(5), {
      description:
        'How long streams may take to finish after the GOAWAY; the remaining ones are then ended with UNAVAILABLE',
      unit: 'seconds',
      reload: 'restart',
      read: toMs,
    }),
    ...connectionLimitKeys,
    Engine: key('engine', z.enum(['kun', 'grpc-js']).default('kun'), {
      description:
        "HTTP/2 implementation: kun (@kun/wire), or grpc-js on Node's HTTP/2, which costs several times as much per call and supports fewer limits",
      reload: 'restart',
    }),
    DefaultCompressionAlgorithm: key(
      'compression',
      z.enum(['identity', 'deflate', 'gzip']).default('identity'),
      {
        description:
          'How response messages of 1 KiB and more are compressed for callers that accept it; a handler may override it (compressResponse). Not supported by the engine grpc-js. identity: no compression',
        reload: 'restart',
      },
    ),
    ...wireLimitKeys,
    TLS: serverTls,
    ...rpcKeys,
  },
  { live: rpcLive },
);
