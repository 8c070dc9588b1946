import type { ApplicationLogger } from '../logs/application-logger.js';
import { boundedJson } from '../logs/bounded-json.js';
import { identityFields, methodFields } from '../logs/call-fields.js';
import { field, type LineLevel, type LineWriter } from '../logs/line-writer.js';
import { redaction, type RedactionPath } from '../logs/redaction.js';
import type { MethodShapes } from '../proto/message-shape.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';

export interface PayloadLoggingOptions {
  /** The side whose calls are logged. Default: server */
  readonly side?: 'server' | 'client';
  /** The maximum number of characters logged per message (`LoggingRpcMaxSize`). Default: 1024 */
  readonly maxLength?: number;
  /** The message shapes by method path: they tell which fields the proto marks `debug_redact`. Default: unknown */
  readonly shapes?: ReadonlyMap<string, MethodShapes>;
  /** Additional fields to mask, in requests and responses of all methods. Default: none */
  readonly redact?: readonly RedactionPath[];
  /** Default: info */
  readonly level?: LineLevel;
  /** Whether the lines carry the call's tags (`GRPCServer.CtxTags`). Default: true */
  readonly tags?: boolean;
}

const DEFAULT_MAX_LENGTH = 1024;

/**
 * Logs the content of requests and responses (`LoggingAllRpc`), one line per message, as go-grpc-middleware v2 does:
 * `request received` with `grpc.request.content`, `response sent` with `grpc.response.content`; on streams with
 * `grpc.msg_id`, counted from 1 in each direction. The logged part of a message is bounded before it is serialized, so
 * message size does not matter. Infrastructure messages are omitted.
 */
export function payloadLoggingInterceptor(
  logger: ApplicationLogger,
  options: PayloadLoggingOptions = {},
): Interceptor {
  const side = options.side ?? 'server';
  const level = options.level ?? 'info';
  const maxLength = options.maxLength ?? DEFAULT_MAX_LENGTH;
  const tagsEnabled = options.tags ?? true;
  const masks = redaction(options.redact ?? []);
  const inward = wordsFor('in', side);
  const outward = wordsFor('out', side);
  const methods = new Map<RpcMethod, LineWriter>();

  const linesOf = (method: RpcMethod): LineWriter => {
    let lines = methods.get(method);
    if (!lines) methods.set(method, (lines = logger.linesWith(methodFields(method, side))));
    return lines;
  };

  const observe = (call: RpcCall): void => {
    const lines = linesOf(call.method);
    const shapes = options.shapes?.get(call.method.path);
    const counts = { in: 0, out: 0 };
    call.onMessage((direction, message) => {
      const id = ++counts[direction];
      if (!lines.isLevelEnabled(level)) return;
      const words = direction === 'in' ? inward : outward;
      const content = boundedJson(message, { maxLength, shape: shapes?.[words.part], redaction: masks });
      let line = field(words.field, content.text);
      if (content.cut) line += field(`${words.field}_cut`, true);
      if (words.part === 'request' ? call.method.requestStream : call.method.responseStream) {
        line += field('grpc.msg_id', id);
      }
      lines.write(level, line + identityFields(call, tagsEnabled), words.message);
    });
  };

  return (next) => (call) => {
    if (!call.method.infrastructure) observe(call);
    return next(call);
  };
}

interface Words {
  readonly part: 'request' | 'response';
  readonly field: string;
  readonly message: string;
}

function wordsFor(direction: 'in' | 'out', side: 'server' | 'client'): Words {
  const part = (direction === 'in') === (side === 'server') ? 'request' : 'response';
  return {
    part,
    field: `grpc.${part}.content`,
    message: `${part} ${direction === 'in' ? 'received' : 'sent'}`,
  };
}
