import { status } from '@grpc/grpc-js';
import { SpanStatusCode, type Attributes, type Span, type Tracer } from '@opentelemetry/api';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import { routeAttributes } from '../rpc/call-values.js';
import { UNKNOWN_METHOD, type RpcMethod } from '../rpc/rpc-method.js';
import { codeName } from '../status/code.js';
import type { AskedTraces } from './asked-traces.js';
import type { RatioSampler, TrustedCallers } from './trace-sampling.js';

/** What creates spans, and decides which calls get one. */
export interface TracingParts {
  readonly tracer: Tracer;
  /**
   * Consulted before a span is created; without it the tracer's own sampler decides, at a higher cost for unsampled
   * calls.
   */
  readonly sampler?: RatioSampler;
  /** Whether a server honours its callers' sampling decisions. Default: yes */
  readonly callers?: TrustedCallers;
  /** Calls that are traced on request, whatever the others decide. Default: none */
  readonly asked?: AskedTraces;
}

/** What all spans of a method have in common. */
export interface SpanShape {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Codes that count as server errors; the others are regular responses. Source: semantic conventions for gRPC. */
const SERVER_ERRORS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** By OpenTelemetry's stable conventions for RPC (semantic conventions 1.45). */
export function spanShape(method: RpcMethod): SpanShape {
  const rpcMethod = method === UNKNOWN_METHOD ? '_OTHER' : method.path.slice(1);
  return {
    // A span name must not contain what a caller made up.
    name: method === UNKNOWN_METHOD ? 'grpc' : rpcMethod,
    attributes: { 'rpc.system.name': 'grpc', 'rpc.method': rpcMethod },
  };
}

/** Attributes known when a call's span begins: the peer, and what links it to the log. */
export function callAttributes(call: RpcCall, side: 'server' | 'client'): Attributes {
  const attributes: Attributes =
    side === 'client' ? serverAttributes(call.peer) : callerAttributes(call.peer);
  if (call.requestId !== '') attributes['request_id'] = call.requestId;
  if (call.attempt > 1) attributes['rpc.attempt'] = call.attempt;
  return Object.assign(attributes, routeAttributes(call.routes));
}

/** The server of a call, from its target, which may name a resolver: `dns:///shop:50051`. */
export function serverAttributes(target: string): Attributes {
  const { address, port } = hostAndPort(target.replace(/^\w+:(\/\/[^/]*\/)?(?!\d+$)/, ''));
  return { 'server.address': address, ...(port !== undefined && { 'server.port': port }) };
}

function callerAttributes(peer: string): Attributes {
  const { address, port } = hostAndPort(peer);
  return {
    'network.peer.address': address,
    ...(port !== undefined && { 'network.peer.port': port }),
    'client.address': address,
  };
}

function hostAndPort(peer: string): { readonly address: string; readonly port: number | undefined } {
  const colon = peer.lastIndexOf(':');
  const port = Number(peer.slice(colon + 1));
  if (colon <= 0 || !Number.isInteger(port)) return { address: peer, port: undefined };
  return { address: peer.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

/** Whether a code is a failure: on a client all but OK, on a server those that are the service's fault. */
export function isFailure(code: status, side: 'server' | 'client'): boolean {
  return side === 'server' ? SERVER_ERRORS.has(code) : code !== status.OK;
}

/** Ends the span of a call with its actual code. */
export function endSpan(
  span: Span,
  call: RpcCall,
  ending: Ending,
  side: 'server' | 'client',
  tagsEnabled: boolean,
): void {
  const code = codeName(ending.code);
  span.setAttribute('rpc.status_code', code);
  if (tagsEnabled) for (const [name, value] of call.tags) span.setAttribute(`tags.${name}`, value);
  if (isFailure(ending.code, side)) {
    span.setAttribute('error.type', code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: ending.message });
    const thrown = ending.error?.hidesCause ? ending.error.cause : ending.error;
    if (thrown instanceof Error) span.recordException(thrown);
  }
  span.end();
}
