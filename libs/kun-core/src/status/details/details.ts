import type {
  AnyDetail,
  BadRequest,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
  StatusDetail,
} from './detail-types.js';

/** The fields of a detail without its `type`; those named in `K` must be given, the rest default to empty */
export type DetailFields<D extends StatusDetail, K extends keyof D> = Pick<D, K> &
  Partial<Omit<D, 'type' | K>>;

/** `errorInfo({ reason: 'CACHE_EXPIRED', domain: 'cache.acme.com' })` */
export function errorInfo(fields: DetailFields<ErrorInfo, 'reason'>): ErrorInfo {
  return { type: 'google.rpc.ErrorInfo', domain: '', metadata: {}, ...fields };
}

/** `retryInfo({ retryDelayMs: 500 })` */
export function retryInfo(fields: DetailFields<RetryInfo, 'retryDelayMs'>): RetryInfo {
  return { type: 'google.rpc.RetryInfo', ...fields };
}

/** `debugInfo({ detail: 'what happened', stackEntries: ['at ...'] })`: for development only */
export function debugInfo(fields: DetailFields<DebugInfo, never>): DebugInfo {
  return { type: 'google.rpc.DebugInfo', stackEntries: [], detail: '', ...fields };
}

/** `quotaFailure({ violations: [{ subject: 'account:42', description: 'daily reads used up' }] })` */
export function quotaFailure(fields: DetailFields<QuotaFailure, 'violations'>): QuotaFailure {
  return { type: 'google.rpc.QuotaFailure', ...fields };
}

/** `preconditionFailure({ violations: [{ type: 'TOS', subject: 'acme.com', description: 'not accepted' }] })` */
export function preconditionFailure(
  fields: DetailFields<PreconditionFailure, 'violations'>,
): PreconditionFailure {
  return { type: 'google.rpc.PreconditionFailure', ...fields };
}

/** `badRequest({ fieldViolations: [{ field: 'user.name', description: 'must not be empty' }] })` */
export function badRequest(fields: DetailFields<BadRequest, 'fieldViolations'>): BadRequest {
  return { type: 'google.rpc.BadRequest', ...fields };
}

/** `requestInfo({ requestId: currentCall().requestId })` */
export function requestInfo(fields: DetailFields<RequestInfo, 'requestId'>): RequestInfo {
  return { type: 'google.rpc.RequestInfo', servingData: '', ...fields };
}

/** `resourceInfo({ resourceType: 'cache', resourceName: 'caches/42' })` */
export function resourceInfo(
  fields: DetailFields<ResourceInfo, 'resourceType' | 'resourceName'>,
): ResourceInfo {
  return { type: 'google.rpc.ResourceInfo', owner: '', description: '', ...fields };
}

/** `help({ links: [{ description: 'how to raise the quota', url: 'https://acme.com/quota' }] })` */
export function help(fields: DetailFields<Help, 'links'>): Help {
  return { type: 'google.rpc.Help', ...fields };
}

/** `localizedMessage({ locale: 'de-CH', message: 'Nicht gefunden' })` */
export function localizedMessage(
  fields: DetailFields<LocalizedMessage, 'locale' | 'message'>,
): LocalizedMessage {
  return { type: 'google.rpc.LocalizedMessage', ...fields };
}

/** A detail of the user's own message type: `anyDetail({ typeUrl: 'type.googleapis.com/acme.v1.X', value })` */
export function anyDetail(fields: DetailFields<AnyDetail, 'typeUrl' | 'value'>): AnyDetail {
  return { type: 'google.protobuf.Any', ...fields };
}
