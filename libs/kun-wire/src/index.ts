export { serveConnection, type ServeOptions } from './server/serve-connection.js';
export type { CallEnd, CallListener, CallRefusal, IncomingCall } from './server/incoming-call.js';
export type { ServedConnection } from './server/served-connection.js';
export type { RequestHeaders } from './server/request-headers.js';
export { InvalidHeaderError, type Metadata } from './server/response-fields.js';
export { WireProcess, type WireProcessOptions } from './connection/wire-process.js';
export {
  DEFAULT_CONNECTION_LIMITS,
  DEFAULT_PROCESS_LIMITS,
  type ConnectionLimits,
  type ProcessLimits,
} from './connection/connection-limits.js';
export type { WireClock } from './connection/wire-clock.js';
export type { Refusal, RefusalReason, WireStats } from './connection/wire-stats.js';
export type { MessageEncoding } from './grpc/message-encoding.js';
export { ErrorCode, errorCodeName } from './frames/error-code.js';
export { decodeBinaryValues, encodeBinaryValue, isBinaryKey } from './grpc/binary-value.js';
export { decodeStatusMessage, encodeStatusMessage } from './grpc/status-message.js';
export { formatGrpcTimeout, parseGrpcTimeout } from './grpc/grpc-timeout.js';
