import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { isErrorCode } from '../code.js';
import type { DetailOf, DetailType } from '../details/detail-types.js';
import { decodeStatus, STATUS_DETAILS_KEY } from './status-codec.js';
import { StatusError, type Upstream } from '../status-error.js';

/** How a client's error is taken over. */
export interface FromServiceErrorOptions {
  /**
   * What a handler that rethrows the error means by it. Default `{ policy: 'pass' }`: who converts an error
   * by hand wants the caller to see it
   */
  readonly upstream?: Upstream;
}

/**
 * A client's error as a `StatusError`: code and message as the wire had them, details decoded from
 * `grpc-status-details-bin`, trailing metadata, and the error itself as the cause. Bytes that do not parse
 * cost the details only; a code that is no code of failure is UNKNOWN. Never throws.
 */
export function fromServiceError(
  error: Pick<ServiceError, 'code' | 'details' | 'metadata'>,
  options: FromServiceErrorOptions = {},
): StatusError {
  const rich = decodeDetails(error.metadata);
  return new StatusError(
    isErrorCode(error.code) ? error.code : status.UNKNOWN,
    error.details || rich?.message || '',
    {
      details: rich?.details ?? [],
      metadata: error.metadata ?? new Metadata(),
      cause: error,
      upstream: options.upstream ?? { policy: 'pass' },
    },
  );
}

/** Whether a value is what grpc-js hands to a client: an Error with code, details as text, and metadata */
export function isServiceError(value: unknown): value is ServiceError {
  if (!(value instanceof Error)) return false;
  const { code, details, metadata } = value as Partial<ServiceError>;
  return typeof code === 'number' && typeof details === 'string' && isMetadata(metadata);
}

/** Of this copy of grpc-js or another: the methods are the class', never the value's own. */
function isMetadata(value: unknown): value is Metadata {
  if (value instanceof Metadata) return true;
  if (typeof value !== 'object' || value === null || Object.hasOwn(value, 'get')) return false;
  const { get, getMap, toHttp2Headers } = value as Partial<Metadata>;
  return [get, getMap, toHttp2Headers].every((method) => typeof method === 'function');
}

/**
 * The first detail of a type in whatever a `catch` clause caught, a `StatusError` or grpc-js' `ServiceError`:
 *
 * ```ts
 * const retry = findDetail(error, 'google.rpc.RetryInfo');
 * if (retry) await delay(retry.retryDelayMs);
 * ```
 */
export function findDetail<T extends DetailType>(error: unknown, type: T): DetailOf<T> | undefined {
  let details = error instanceof StatusError ? error.details : [];
  if (isServiceError(error)) details = decodeDetails(error.metadata)?.details ?? [];
  return details.find((detail): detail is DetailOf<T> => detail.type === type);
}

function decodeDetails(metadata: Metadata | undefined): ReturnType<typeof decodeStatus> {
  const bytes = metadata?.get(STATUS_DETAILS_KEY)[0];
  return typeof bytes === 'object' ? decodeStatus(bytes) : undefined;
}
