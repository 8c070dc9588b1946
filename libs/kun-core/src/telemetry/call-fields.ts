import type { RpcCall } from '../rpc/rpc-call.js';
import { addRouteFields } from '../rpc/route-fields.js';
import { recordedSpan } from './trace-link.js';

/** What every line written under a call says of it. */
export interface CallFields {
  request_id?: string;
  /** The names of OpenTelemetry for logs that belong to a span; there only when the span is recorded. */
  trace_id?: string;
  span_id?: string;
  tags?: object;
  routes?: object;
  [field: string]: unknown;
}

/** The fields of a line written by code under the call. */
export function callFields(call: RpcCall, tagsEnabled: boolean): CallFields {
  return addCallIdentity(
    { 'grpc.service': call.method.service, 'grpc.method': call.method.name },
    call,
    tagsEnabled,
  );
}

/** Adds what differs between calls of one method. */
export function addCallIdentity<T extends CallFields>(fields: T, call: RpcCall, tagsEnabled: boolean): T {
  if (call.requestId !== '') fields.request_id = call.requestId;
  const span = call.get(recordedSpan);
  if (span) {
    fields.trace_id = span.traceId;
    fields.span_id = span.spanId;
  }
  if (tagsEnabled && call.tags.size > 0) fields.tags = call.tags;
  return addRouteFields(fields, call);
}
