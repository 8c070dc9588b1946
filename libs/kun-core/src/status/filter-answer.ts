import { isErrorCode } from './code.js';
import { fieldOf, textOf } from './field-of.js';
import { fromRpcPayload } from './nest-error.js';

/** What `BaseRpcExceptionFilter` makes of any error that is no RpcException. */
const HIDDEN_BY_NEST = 'Internal server error';

/**
 * What an exception filter said, for the funnel. Nest's own filters answer plain objects, `{ status: 'error', message }`
 * and `{ code, message }` (grpc-js' callbacks `{ code, details }`): from them, and from nobody else, these are for the caller. Where Nest only hides an error, the
 * error itself goes on, so that the log has it.
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
