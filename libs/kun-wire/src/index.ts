export { serveConnection, type ServeOptions } from './server/serve-connection.js';
export type {
  CallEnd,
  CallListener,
  CallRefusal,
  IncomingCall,
  ServedConnection,
} from './server/incoming-call.js';
export type { RequestHeaders } from './server/request-headers.js';
export { InvalidHeaderError, type Metadata } from './server/response-fields.js';
export {
  DEFAULT_PROCESS_LIMITS,
  WireProcess,
  type ProcessLimits,
  type WireProcessOptions,
  type WireStats,
} from './process/wire-process.js';
export type { Refusal, RefusalReason } from './process/refusal.js';
export type { WireClock } from './process/timers.js';
export { DEFAULT_CONNECTION_LIMITS, type ConnectionLimits } from './connection/limits/connection-limits.js';
export type { MessageEncoding } from './grpc/message-encoding.js';
export {
  decodeBinaryValues,
  encodeBinaryValue,
  formatGrpcTimeout,
  isBinaryKey,
  parseGrpcTimeout,
} from './grpc/header-values.js';
export { decodeStatusMessage, encodeStatusMessage } from './grpc/status.js';
export { ErrorCode, errorCodeName } from './frames/error-code.js';
