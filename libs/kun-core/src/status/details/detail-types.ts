/**
 * The standard error details of google/rpc/error_details.proto, as plain objects. `type` is the full name of
 * the protobuf message and tells them apart:
 *
 * ```ts
 * for (const detail of error.details) {
 *   if (detail.type === 'google.rpc.RetryInfo') await delay(detail.retryDelayMs);
 * }
 * ```
 */
export type StatusDetail =
  | ErrorInfo
  | RetryInfo
  | DebugInfo
  | QuotaFailure
  | PreconditionFailure
  | BadRequest
  | RequestInfo
  | ResourceInfo
  | Help
  | LocalizedMessage
  | AnyDetail;

/** The `type` of any detail, such as `google.rpc.RetryInfo` */
export type DetailType = StatusDetail['type'];

/** The detail of one type: `DetailOf<'google.rpc.RetryInfo'>` is `RetryInfo` */
export type DetailOf<T extends DetailType> = Extract<StatusDetail, { readonly type: T }>;

/** Why it failed, for programs: `reason` is constant and unique within `domain` */
export interface ErrorInfo {
  readonly type: 'google.rpc.ErrorInfo';
  /** Upper snake case, at most 63 characters, such as `CACHE_EXPIRED` */
  readonly reason: string;
  /** Who defines the reasons, such as `cache.acme.com` */
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How long to wait at least before the same request is tried again */
export interface RetryInfo {
  readonly type: 'google.rpc.RetryInfo';
  /** Milliseconds; fractions carry down to a nanosecond */
  readonly retryDelayMs: number;
}

/** For developers only; never let it reach the outside in production */
export interface DebugInfo {
  readonly type: 'google.rpc.DebugInfo';
  readonly stackEntries: readonly string[];
  readonly detail: string;
}

/** Which quota is used up */
export interface QuotaFailure {
  readonly type: 'google.rpc.QuotaFailure';
  readonly violations: readonly QuotaViolation[];
}

/** One quota that is used up */
export interface QuotaViolation {
  /** Whose quota it is, such as `account:42` */
  readonly subject: string;
  readonly description: string;
  readonly apiService?: string;
  readonly quotaMetric?: string;
  readonly quotaId?: string;
  readonly quotaDimensions?: Readonly<Record<string, string>>;
  /** A 64-bit integer in decimal */
  readonly quotaValue?: string;
  /** A 64-bit integer in decimal */
  readonly futureQuotaValue?: string;
}

/** What must be true first */
export interface PreconditionFailure {
  readonly type: 'google.rpc.PreconditionFailure';
  readonly violations: readonly PreconditionViolation[];
}

/** One precondition that does not hold */
export interface PreconditionViolation {
  /** The kind of precondition, such as `TOS` */
  readonly type: string;
  readonly subject: string;
  readonly description: string;
}

/** Which fields of the request are wrong */
export interface BadRequest {
  readonly type: 'google.rpc.BadRequest';
  readonly fieldViolations: readonly FieldViolation[];
}

/** One field that is wrong */
export interface FieldViolation {
  /** Path in the request: `user.emails[0].address` */
  readonly field: string;
  readonly description: string;
  /** For programs, upper snake case, such as `IS_EMAIL` */
  readonly reason?: string;
  readonly localizedMessage?: { readonly locale: string; readonly message: string };
}

/** What to quote when the failure is reported */
export interface RequestInfo {
  readonly type: 'google.rpc.RequestInfo';
  readonly requestId: string;
  readonly servingData: string;
}

/** Which resource was asked for */
export interface ResourceInfo {
  readonly type: 'google.rpc.ResourceInfo';
  readonly resourceType: string;
  readonly resourceName: string;
  readonly owner: string;
  readonly description: string;
}

/** Where to read on */
export interface Help {
  readonly type: 'google.rpc.Help';
  readonly links: readonly HelpLink[];
}

/** A page that helps */
export interface HelpLink {
  readonly description: string;
  readonly url: string;
}

/** A text that may be shown to the user */
export interface LocalizedMessage {
  readonly type: 'google.rpc.LocalizedMessage';
  /** BCP 47, such as `de-CH` */
  readonly locale: string;
  readonly message: string;
}

/** A detail of an unknown type, kept as received so that it survives being passed on */
export interface AnyDetail {
  readonly type: 'google.protobuf.Any';
  /** Such as `type.googleapis.com/acme.cache.v1.Eviction` */
  readonly typeUrl: string;
  /** The serialised message */
  readonly value: Uint8Array;
}
