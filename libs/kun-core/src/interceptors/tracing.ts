import type { Metadata } from '@grpc/grpc-js';
import {
  context as processContext,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  TraceFlags,
  type Context,
  type Span,
} from '@opentelemetry/api';
import type { Interceptor } from '../rpc/interceptor.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { BAGGAGE_HEADER, baggageHeader, readBaggage } from '../traces/baggage.js';
import { DEFAULT_PROPAGATION, type Propagation } from '../traces/call-propagator.js';
import { callAttributes, endSpan, spanShape, type SpanShape, type TracingParts } from '../traces/rpc-span.js';
import { activeContext, notRecorded, setCallContext, recordedSpan } from '../traces/trace-context.js';
import { readTraceHeaders, writeTraceHeaders } from '../traces/trace-headers.js';
import { decidedToRecord } from '../traces/trace-sampling.js';
import { clientContext } from './call-span.js';

export interface TracingInterceptorOptions {
  /** The side whose calls are traced. Default: server */
  readonly side?: 'server' | 'client';
  /** Whether each message adds an event to the span, which the conventions have dropped. Default: false */
  readonly messageEvents?: boolean;
  /** Whether the call's tags become attributes `tags.<name>` (`GRPCServer.CtxTags`). Default: true */
  readonly tags?: boolean;
  /** How trace context and baggage are propagated. Default: W3C, single B3 and baggage */
  readonly propagation?: Propagation;
}

/**
 * Creates a span for each call by OpenTelemetry's stable conventions for RPC (semantic conventions 1.45), ended exactly
 * once, with the call's actual code. A server span descends from the caller's (W3C or B3), a client span from the
 * current context, which is propagated to the server.
 *
 * An unsampled call costs only the parsing of its headers and a random number.
 */
export function tracingInterceptor(
  parts: TracingParts,
  options: TracingInterceptorOptions = {},
): Interceptor {
  const side = options.side ?? 'server';
  const { propagation = DEFAULT_PROPAGATION } = options;
  const methods = new Map<RpcMethod, SpanShape>();

  const shapeOf = (method: RpcMethod): SpanShape => {
    let shape = methods.get(method);
    if (!shape) methods.set(method, (shape = spanShape(method)));
    return shape;
  };

  const record = (call: RpcCall, parent: Context): Context => {
    const { name, attributes } = shapeOf(call.method);
    const kind = side === 'server' ? SpanKind.SERVER : SpanKind.CLIENT;
    const span = parts.tracer.startSpan(name, { kind, attributes }, parent);
    const context = trace.setSpan(parent, span);
    if (!span.isRecording()) return context;
    call.set(recordedSpan, span.spanContext());
    span.setAttributes(callAttributes(call, side));
    if (options.messageEvents ?? false) recordMessages(call, span);
    call.onEnd((ending) => endSpan(span, call, ending, side, options.tags ?? true));
    return context;
  };

  const server: Interceptor = (next) => (call) => {
    const inbound = readTraceHeaders(call.metadata);
    const asked = inbound?.sampled;
    const followed = parts.callers ? parts.callers.decision(asked, call.startedAt) : asked;
    const wanted = parts.asked?.active === true && parts.asked.take(call);
    const sampled = wanted || (followed ?? parts.sampler?.decide() ?? true);
    const baggage = propagation.baggage ? first(call.metadata, BAGGAGE_HEADER) : undefined;
    const root = baggage === undefined ? ROOT_CONTEXT : readBaggage(ROOT_CONTEXT, baggage);
    if (!sampled) {
      // Spans started for the call, here and downstream, are not recorded either.
      const parent = inbound?.parent && { ...inbound.parent, traceFlags: TraceFlags.NONE };
      if (parent) setCallContext(call, trace.setSpanContext(root, parent));
      else if (root !== ROOT_CONTEXT) setCallContext(call, notRecorded(root));
      return next(call);
    }
    const parent = inbound?.parent ? trace.setSpanContext(root, inbound.parent) : root;
    const context = record(call, parts.sampler ? decidedToRecord(parent) : parent);
    setCallContext(call, context);
    if (wanted) parts.asked?.recorded(call, trace.getSpanContext(context)?.traceId ?? '');
    // For users who registered their own context manager; otherwise this only calls `next`.
    return processContext.with(context, next, undefined, call);
  };

  const client: Interceptor = (next) => (call) => {
    const parent = call.get(clientContext) ?? activeContext();
    const parentSpan = trace.getSpanContext(parent);
    const sampled = parentSpan
      ? (parentSpan.traceFlags & TraceFlags.SAMPLED) !== 0
      : (parts.sampler?.decide() ?? true);
    const decided = sampled && parts.sampler ? decidedToRecord(parent) : parent;
    const span = trace.getSpanContext(sampled ? record(call, decided) : parent);
    if (span) writeTraceHeaders(call.metadata, span, propagation.formats);
    const baggage = propagation.baggage ? baggageHeader(parent) : undefined;
    if (baggage !== undefined) call.metadata.set(BAGGAGE_HEADER, baggage);
    return next(call);
  };

  return side === 'server' ? server : client;
}

function recordMessages(call: RpcCall, span: Span): void {
  let received = 0;
  let sent = 0;
  call.onMessage((direction) => {
    span.addEvent('rpc.message', {
      'rpc.message.type': direction === 'in' ? 'RECEIVED' : 'SENT',
      'rpc.message.id': direction === 'in' ? ++received : ++sent,
    });
  });
}

function first(metadata: Metadata, name: string): string | undefined {
  const value = metadata.get(name)[0];
  return typeof value === 'string' ? value : undefined;
}
