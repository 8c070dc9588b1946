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
