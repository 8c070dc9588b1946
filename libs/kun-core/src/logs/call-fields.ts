import { hasRoutes } from '../rpc/call-values.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { recordedSpan } from '../traces/trace-context.js';
import { field } from './line-writer.js';

/** The fields of a line logged by code under the call. */
export function callFields(call: RpcCall, tagsEnabled: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    'grpc.service': call.method.service,
    'grpc.method': call.method.name,
  };
  tellIdentity(call, tagsEnabled, (name, value) => (fields[name] = value));
  return fields;
}

/** The fields that differ between calls of one method, as text for a line. */
export function identityFields(call: RpcCall, tagsEnabled: boolean): string {
  let text = '';
  tellIdentity(call, tagsEnabled, (name, value) => (text += field(name, value)));
  return text;
}

function tellIdentity(
  call: RpcCall,
  tagsEnabled: boolean,
  tell: (name: string, value: unknown) => void,
): void {
  if (call.requestId !== '') tell('request_id', call.requestId);
  const span = call.get(recordedSpan);
  if (span) {
    // OpenTelemetry's field names for log records that belong to a span.
    tell('trace_id', span.traceId);
    tell('span_id', span.spanId);
  }
  if (tagsEnabled && call.tags.size > 0) tell('tags', call.tags);
  if (hasRoutes(call.routes)) tell('routes', call.routes);
}

/** The fields common to all lines about calls of a method, named as in go-grpc-middleware v2. */
export function methodFields(method: RpcMethod, side: 'server' | 'client'): Record<string, string> {
  return {
    protocol: 'grpc',
    'grpc.component': side,
    'grpc.service': method.service,
    'grpc.method': method.name,
    'grpc.method_type': method.typeLabel,
  };
}
