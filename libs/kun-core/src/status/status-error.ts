import { Metadata, type status } from '@grpc/grpc-js';
import { codeName, isErrorCode } from './code.js';
import type { StatusDetail } from './details/detail-types.js';

/** What a {@link StatusError} carries in addition to its code and message. */
export interface StatusErrorOptions {
  /** Standard details and raw ones, sent in `grpc-status-details-bin`. Default: none */
  readonly details?: readonly StatusDetail[];
  /** Trailing metadata of the caller's answer. Default: empty */
  readonly metadata?: Metadata;
  /** The cause. It is logged and never sent */
  readonly cause?: unknown;
  /**
   * The message was chosen to hide the cause, so whoever logs must show `cause` as well. The funnel sets it
   * for errors that nobody meant for the caller. Default: false
   */
  readonly hidesCause?: boolean;
  /** Set on an error received from another service: how the funnel treats it when a handler rethrows it */
  readonly upstream?: Upstream;
}

// In the registry of symbols, so that two copies of this package in one process know each other's errors.
const BRAND = Symbol.for('@kun/core/StatusError');

/**
 * The failure of a call, as the caller sees it: code, message, details and trailing metadata.
 *
 * `instanceof StatusError` also holds for errors made by another copy of this package.
 *
 * @throws {RangeError} when the code is not one of the 16 codes of failure (OK included).
 */
export class StatusError extends Error {
  /** From 1 to 16; never OK */
  readonly code: status;
  /** Standard details and raw ones; empty when there are none */
  readonly details: readonly StatusDetail[];
  /** Trailing metadata of the caller's answer; empty when there is none */
  readonly metadata: Metadata;
  /** Whether the message was chosen to hide the cause */
  readonly hidesCause: boolean;
  /** What the funnel makes of it when a handler rethrows it; only on errors of other services */
  readonly upstream?: Upstream;

  constructor(code: status, message: string, options: StatusErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    if (!isErrorCode(code)) {
      throw new RangeError(`A StatusError needs a code from 1 to 16, found ${describeCode(code)}`);
    }
    this.code = code;
    this.details = options.details ?? [];
    this.metadata = options.metadata ?? new Metadata();
    this.hidesCause = options.hidesCause ?? false;
    if (options.upstream !== undefined) this.upstream = options.upstream;
  }

  static {
    // On the prototype, as the language's own errors have it: the stack's first line is made in `super()`.
    Object.defineProperty(this.prototype, 'name', {
      value: 'StatusError',
      configurable: true,
      writable: true,
    });
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== StatusError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

function describeCode(code: unknown): string {
  return code === 0 ? `0 (${codeName(0)})` : String(code);
}

/**
 * What the caller learns of a failure that another service (an upstream) answered, when a handler lets it
 * through:
 *
 * - `pass`: its code, message and details, as if this service had said it. For an upstream whose errors are
 *   part of this service's contract. Its trailing metadata stays behind: it belongs to that hop.
 * - `map`: what is as true for the caller as for this service keeps its code (CANCELLED, DEADLINE_EXCEEDED,
 *   RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE) with a fixed text and, where there is one, its RetryInfo; any
 *   other code is INTERNAL without details.
 * - `mask`: INTERNAL with a fixed text, whatever it was.
 */
export type UpstreamPolicy = 'pass' | 'map' | 'mask';

/** Put on an error by the client that received it */
export interface Upstream {
  readonly policy: UpstreamPolicy;
  /** The client's name in this service's configuration, for the log; never sent */
  readonly name?: string;
}

/**
 * For a grpc-js `ServiceError` that carries no policy. `pass` would be wrong more often than right: the
 * upstream speaks of the request that this service made. Its INVALID_ARGUMENT is this service's defect, its
 * PERMISSION_DENIED and UNAUTHENTICATED concern this service's credentials, and its text and details may
 * name what callers must not know. Google's API guide (AIP-193, error propagation) asks for the same.
 * `mask` would hide that trying again may help. A handler that wants the upstream's answer to reach the
 * caller says so: `throw fromServiceError(error)`, or `policy: 'pass'` for that upstream.
 */
export const DEFAULT_UPSTREAM_POLICY: UpstreamPolicy = 'map';
