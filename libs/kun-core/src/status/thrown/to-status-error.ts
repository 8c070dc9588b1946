import { status } from '@grpc/grpc-js';
import { hiddenError } from './hidden-error.js';
import { isHttpException, isRpcException } from './nest-exceptions.js';
import { fromHttpException, fromRpcPayload } from './nest-error.js';
import { isRequestFailure, validationExceptionFactory, validationFailuresIn } from './validation.js';
import { fromServiceError, isServiceError } from '../wire/service-error.js';
import { StatusError, DEFAULT_UPSTREAM_POLICY, type UpstreamPolicy } from '../status-error.js';

/** What the funnel reveals of errors that were not meant for the caller. */
export interface ToStatusErrorOptions {
  /** Adds the text and stack of hidden errors as DebugInfo. Default: false */
  readonly development?: boolean;
  /** For a grpc-js `ServiceError` that carries no policy of its own. Default: `map`, see `UpstreamPolicy` */
  readonly upstream?: UpstreamPolicy;
}

/** How deep an RpcException may wrap another before it counts as unknown */
const MAX_WRAPPED = 5;

/**
 * The one funnel: whatever a handler threw, as the `StatusError` that its caller gets.
 *
 * | thrown | answered |
 * |---|---|
 * | `StatusError` | as it is; one that a client received, by its upstream's policy |
 * | grpc-js `ServiceError` | by `upstream` (default `map`) |
 * | Nest `GrpcException`, `RpcException` | their code and text; a text alone UNKNOWN; an error inside goes through the funnel |
 * | a guard's refusal | PERMISSION_DENIED |
 * | Nest `HttpException` | by the HTTP table |
 * | class-validator's `ValidationError[]`, Standard Schema `issues`, thrown by a pipe | INVALID_ARGUMENT with BadRequest |
 * | `AbortError` | CANCELLED |
 * | `TimeoutError` | DEADLINE_EXCEEDED |
 * | anything else | INTERNAL; its text stays in `cause`, for the log |
 *
 * Only kun's, Nest's and gRPC's own types speak to callers. What looks like one does not: a driver's
 * `{ code, message }`, an error with `expose: true`, the `issues` of a schema that a handler ran itself.
 *
 * Never throws, whatever it is given: strings, `undefined`, objects whose getters throw.
 */
export function toStatusError(error: unknown, options: ToStatusErrorOptions = {}): StatusError {
  try {
    return recognise(error, options, 0) ?? hiddenError(status.INTERNAL, error, options);
  } catch {
    return hiddenError(status.INTERNAL, error, options);
  }
}

function recognise(error: unknown, options: ToStatusErrorOptions, depth: number): StatusError | undefined {
  if (error instanceof StatusError) {
    return error.upstream ? applyUpstreamPolicy(error, error.upstream.policy, error, options) : error;
  }
  if (isServiceError(error)) {
    const policy = options.upstream ?? DEFAULT_UPSTREAM_POLICY;
    return applyUpstreamPolicy(fromServiceError(error), policy, error, options);
  }
  if (isHttpException(error)) return fromHttpException(error, options);
  if (isRpcException(error)) {
    const payload = error.getError();
    // KafkaRetriableException's payload is itself.
    if (!(payload instanceof Error)) return fromRpcPayload(payload, error.message, error);
    return payload === error || depth >= MAX_WRAPPED ? undefined : recognise(payload, options, depth + 1);
  }
  const failures = isRequestFailure(error) ? validationFailuresIn(error) : undefined;
  if (failures) return validationExceptionFactory(failures, error);
  return error instanceof Error ? fromPlainError(error, options) : undefined;
}

function fromPlainError(error: Error, options: ToStatusErrorOptions): StatusError | undefined {
  if (error.name === 'AbortError') return hiddenError(status.CANCELLED, error, options);
  if (error.name === 'TimeoutError') return hiddenError(status.DEADLINE_EXCEEDED, error, options);
  return undefined;
}

/** What is as true for the caller as it is for this service */
const SHARED_CODES = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.UNAVAILABLE,
]);

/**
 * An upstream's failure as this service's caller is to see it, by the policies that `UpstreamPolicy` explains.
 *
 * @param error what the upstream answered
 * @param cause what was thrown, for the log
 */
function applyUpstreamPolicy(
  error: StatusError,
  policy: UpstreamPolicy,
  cause: unknown,
  options: { development?: boolean } = {},
): StatusError {
  if (policy === 'pass') {
    return new StatusError(error.code, error.message, { details: error.details, cause });
  }
  if (policy === 'map' && SHARED_CODES.has(error.code)) {
    const details = error.details.filter((detail) => detail.type === 'google.rpc.RetryInfo');
    return hiddenError(error.code, cause, { ...options, details });
  }
  return hiddenError(status.INTERNAL, cause, options);
}
