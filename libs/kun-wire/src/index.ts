// Serving
export type {
  CallEnd,
  CallListener,
  CallRefusal,
  IncomingCall,
  ServedConnection,
} from './server/incoming-call.js';
export type { RequestHeaders } from './server/request-headers.js';
export { InvalidHeaderError, type Metadata } from './server/response-fields.js';
export { type ServeOptions, serveConnection } from './server/serve-connection.js';

// State shared by connections, and limits
export { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from './connection/limits/connection-limits.js';
export type { Refusal, RefusalReason } from './process/refusal.js';
export type { WireClock } from './process/timers.js';
export {
  DEFAULT_PROCESS_LIMITS,
  type ProcessLimits,
  WireProcess,
  type WireProcessOptions,
  type WireStats,
} from './process/wire-process.js';

// HTTP/2
export { ErrorCode } from './frames/error-code.js';
export type { HeaderField } from './hpack/header-list.js';

// gRPC encoding
export { decodeBinaryValues, isBinaryKey } from './grpc/header-values.js';
export type { MessageEncoding } from './grpc/message-encoding.js';
