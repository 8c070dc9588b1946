import { STATUS_CODES } from 'node:http';
import { Metadata, status } from '@grpc/grpc-js';
import { isErrorCode } from '../code.js';
import type { FieldViolation } from '../details/detail-types.js';
import { fieldOf, textOf } from '../details/field-of.js';
import { codeOfHttpStatus } from '../http-status.js';
import { hiddenError } from './hidden-error.js';
import { permissionDenied } from '../factories.js';
import type { HttpExceptionLike } from './nest-exceptions.js';
import { StatusError } from '../status-error.js';
import { invalidFields } from './validation.js';

/**
 * What Nest 12 throws for a guard that refused an RPC, `RpcException('Forbidden resource')`: it has neither
 * a class nor a code of its own (`FORBIDDEN_MESSAGE` in @nestjs/core, thrown by `RpcContextCreator`).
 */
const GUARD_REFUSAL_TEXT = 'Forbidden resource';

/** class-validator's and Standard Schema's messages as Nest's pipes flatten them, with the path in front */
const CLASS_VALIDATOR_TEXT =
  /^((?:[\w$]+\.)*)(?:each value in |nested property |property )*([\w$]+) (?:must|should|has|contains|is not)\b/;
const STANDARD_SCHEMA_TEXT = /^([\w$]+(?:\.[\w$]+)*): (.+)$/s;

/** By the HTTP table. Its text was written for the caller; what Nest's pipes answer becomes BadRequest */
export function fromHttpException(
  exception: HttpExceptionLike,
  options: { development?: boolean } = {},
): StatusError {
  const response = exception.getResponse();
  const httpStatus = exception.getStatus();
  const code = errorCodeOf(codeOfHttpStatus(httpStatus));
  const message = fieldOf(response, 'message');
  if (code === status.INVALID_ARGUMENT) {
    const violations = violationsIn(message);
    if (violations.length > 0) return invalidFields(violations, exception);
  }
  if (response instanceof Error) {
    // As Nest's own filter has it: this is the cause, and its text is not for the caller.
    return hiddenError(code, exception, { ...options, text: STATUS_CODES[httpStatus] });
  }
  const text = Array.isArray(message) ? message.join('; ') : exception.message;
  return new StatusError(code, text, { cause: exception });
}

/**
 * What an RpcException, a GrpcException or Nest's own filters carry, with `{ code, message }` or (as Nest
 * reads it) `{ status, message }`; a text alone is UNKNOWN, and a guard's refusal PERMISSION_DENIED.
 * `undefined` when it says neither code nor text.
 */
export function fromRpcPayload(payload: unknown, text: string, cause: unknown): StatusError | undefined {
  if (typeof payload === 'string' || payload === undefined) return fromText(text, cause);
  if (typeof payload !== 'object' || payload === null) return undefined;
  const given = [fieldOf(payload, 'code'), fieldOf(payload, 'status')].find((v) => typeof v === 'number');
  const words = textOf(payload, 'message') || textOf(payload, 'details') || text;
  if (given === undefined) return words === '' ? undefined : fromText(words, cause);
  const metadata = fieldOf(payload, 'metadata');
  return new StatusError(isErrorCode(given) ? given : status.UNKNOWN, words, {
    cause,
    ...(metadata instanceof Metadata && { metadata }),
  });
}

function fromText(text: string, cause: unknown): StatusError {
  if (text === GUARD_REFUSAL_TEXT) return permissionDenied(text, { cause });
  return new StatusError(status.UNKNOWN, text, { cause });
}

/** The default answers of `ValidationPipe` (`list` and `grouped`) and of `StandardSchemaValidationPipe` */
function violationsIn(message: unknown): FieldViolation[] {
  if (Array.isArray(message)) return message.slice(0, 100).map((line) => violationOf(String(line)));
  if (typeof message !== 'object' || message === null) return [];
  return Object.entries(message).flatMap(([path, lines]) =>
    (Array.isArray(lines) ? lines : []).map((line) => ({
      field: withBrackets(path),
      description: String(line),
    })),
  );
}

function violationOf(line: string): FieldViolation {
  const rule = CLASS_VALIDATOR_TEXT.exec(line);
  if (rule) return { field: withBrackets(`${rule[1]}${rule[2]}`), description: line };
  const issue = STANDARD_SCHEMA_TEXT.exec(line);
  if (issue) return { field: withBrackets(issue[1]!), description: issue[2]! };
  return { field: '', description: line };
}

function withBrackets(path: string): string {
  return path.replace(/\.(\d+)(?=\.|$)/g, '[$1]');
}

function errorCodeOf(code: status): status {
  return isErrorCode(code) ? code : status.UNKNOWN;
}

/** What `BaseRpcExceptionFilter` makes of any error that is no RpcException. */
const HIDDEN_BY_NEST = 'Internal server error';

/**
 * What an exception filter said, for the funnel. Nest's own filters answer plain objects, `{ status: 'error', message }`
 * and `{ code, message }` (grpc-js' callbacks `{ code, details }`): from them, and from nobody else, these are for the caller. Where Nest only hides an error, the
 * error itself is passed on, so that it is logged.
 */
export function filterAnswer(answer: unknown, thrown: unknown): unknown {
  if (answer === thrown || answer instanceof Error) return answer;
  const message = textOf(answer, 'message');
  const alias = fieldOf(answer, 'status');
  if (alias === 'error') {
    return message === HIDDEN_BY_NEST ? thrown : (fromRpcPayload(message, message, thrown) ?? thrown);
  }
  const hasCode = isErrorCode(fieldOf(answer, 'code')) || isErrorCode(alias);
  return hasCode && (message || textOf(answer, 'details')) !== ''
    ? (fromRpcPayload(answer, message, thrown) ?? thrown)
    : answer;
}
