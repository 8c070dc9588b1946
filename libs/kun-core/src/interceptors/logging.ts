import { status } from '@grpc/grpc-js';
import { isoFormatter } from '../clock.js';
import type { ApplicationLogger } from '../logs/application-logger.js';
import { identityFields, methodFields } from '../logs/call-fields.js';
import { CALLERS_LINES, LineSampler, type SamplingOptions } from '../logs/line-sampler.js';
import { field, type LineLevel, type LineWriter } from '../logs/line-writer.js';
import { CLIENT_LEVELS, SERVER_LEVELS, type LogLevels } from '../logs/log-levels.js';
import { serializeError } from '../logs/serialize-error.js';
import type { EndObserver, Ending, RpcCall } from '../rpc/rpc-call.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { codeName, goCodeName } from '../status/code.js';
import type { StatusError } from '../status/status-error.js';

export interface LoggingOptions {
  /** The side whose calls are logged. Default: server */
  readonly side?: 'server' | 'client';
  /** The level by code. Default: go-grpc-middleware v2's table for the side */
  readonly levels?: Partial<LogLevels>;
  /** The spelling of `grpc.code`: `go` is `NotFound`, as in Go libraries; `grpc` is `NOT_FOUND`. Default: go */
  readonly codeNames?: 'go' | 'grpc';
  /** Whether the line carries the call's tags (`GRPCServer.CtxTags`). Default: true */
  readonly tags?: boolean;
  /** Samples the lines of frequently called methods. Default: every line is logged */
  readonly sampling?: SamplingOptions | undefined;
}

/**
 * Logs one line for each call when it has ended: `finished call` with the fields of go-grpc-middleware v2
 * (`grpc.service`, `grpc.method`, `grpc.method_type`, `grpc.code`, `grpc.error`, `grpc.time_ms`, `grpc.start_time`,
 * `grpc.request.deadline`, `peer.address`), the request id and the tags. The error behind it, with stack and causes, is
 * in the same line and nowhere else. Infrastructure calls (health, reflection) are logged at debug.
 *
 * Callers determine how many calls are refused or cancelled, so these are limited per method to what
 * {@link CALLERS_LINES} allows.
 */
export function loggingInterceptor(logger: ApplicationLogger, options: LoggingOptions = {}): Interceptor {
  const side = options.side ?? 'server';
  const levels: LogLevels = { ...(side === 'server' ? SERVER_LEVELS : CLIENT_LEVELS), ...options.levels };
  const nameOf = options.codeNames === 'grpc' ? codeName : goCodeName;
  const tagsEnabled = options.tags ?? true;
  const formatTime = isoFormatter();
  const methods = new Map<RpcMethod, MethodLog>();

  const methodLog = (method: RpcMethod): MethodLog => {
    let log = methods.get(method);
    if (!log) {
      log = {
        lines: logger.linesWith(methodFields(method, side)),
        sampler: options.sampling && new LineSampler(options.sampling),
        refusals: new LineSampler(CALLERS_LINES),
      };
      methods.set(method, log);
    }
    return log;
  };

  const finished: EndObserver = (ending, call) => {
    const log = methods.get(call.method) ?? methodLog(call.method);
    const level = levelOf(call.method, ending.code, levels);
    if (!log.lines.isLevelEnabled(level)) return;
    const sampler =
      side === 'server' && isRefusal(call, ending)
        ? log.refusals
        : isUneventful(level)
          ? log.sampler
          : undefined;
    const skipped = sampler ? sampler.take(call.startedAt + ending.durationMs) : 0;
    if (skipped === undefined) return;
    let line =
      field('grpc.code', nameOf(ending.code)) +
      field('grpc.time_ms', Math.round(ending.durationMs * 1000) / 1000) +
      field('grpc.start_time', formatTime(call.startedAt)) +
      field('peer.address', call.peer);
    if (call.deadline !== Infinity) line += field('grpc.request.deadline', new Date(call.deadline));
    if (ending.message !== '') line += field('grpc.error', ending.message);
    if (ending.cause !== 'status') line += field('grpc.ended_by', ending.cause);
    if (call.method.requestStream || call.method.responseStream) {
      line += field('grpc.msg_received', call.received) + field('grpc.msg_sent', call.sent);
    }
    if (call.attempt > 1) line += field('grpc.attempt', call.attempt);
    if (skipped > 0) line += field('log.skipped', skipped);
    const error = ending.error && errorToTell(ending.error, level);
    if (error !== undefined) line += field('err', serializeError(error));
    log.lines.write(level, line + identityFields(call, tagsEnabled), 'finished call');
  };

  return (next) => (call) => {
    call.onEnd(finished);
    return next(call);
  };
}

interface MethodLog {
  readonly lines: LineWriter;
  readonly sampler: LineSampler | undefined;
  readonly refusals: LineSampler;
}

/** Codes of calls that a service refuses (guards, limits, unknown methods) or that callers reset. */
const REFUSALS: ReadonlySet<status> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.RESOURCE_EXHAUSTED,
  status.UNIMPLEMENTED,
  status.CANCELLED,
]);

/** Whether the call failed before a message could be read, was refused, or was cancelled by its caller. */
function isRefusal(call: RpcCall, ending: Ending): boolean {
  return ending.code !== status.OK && (call.received === 0 || REFUSALS.has(ending.code));
}

function levelOf(method: RpcMethod, code: status, levels: LogLevels): LineLevel {
  const level = levels[code];
  return method.infrastructure && isUneventful(level) ? 'debug' : level;
}

function isUneventful(level: LineLevel): boolean {
  return level === 'info' || level === 'debug' || level === 'trace';
}

/** Code and message explain a deliberate answer; only unexpected errors are logged in full. */
function errorToTell(error: StatusError, level: LineLevel): unknown {
  if (error.hidesCause) return error.cause;
  return level === 'error' || (error.cause !== undefined && !isUneventful(level)) ? error : undefined;
}
