import { SpanKind, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { contextKey } from '../rpc/call-values.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { callAttributes, endSpan, spanShape, type SpanShape, type TracingParts } from '../traces/rpc-span.js';
import { activeContext, notRecorded } from '../traces/trace-context.js';
import { decidedToRecord } from '../traces/trace-sampling.js';

/** The trace context that a client call's attempts descend from; `undefined` when the call has no span of its own. */
export const clientContext = contextKey<Context | undefined>('kun.client-context', undefined);

/**
 * A client interceptor outside the retry: one span for the call as its caller sees it, however many attempts it takes.
 * Each attempt has its own child span of kind `CLIENT`, which the server's span descends from.
 */
export function callSpanInterceptor(parts: TracingParts): Interceptor {
  const shapes = new Map<RpcMethod, SpanShape>();
  return (next) => (call) => {
    const parent = activeContext();
    const parentSpan = trace.getSpanContext(parent);
    const sampled = parentSpan
      ? (parentSpan.traceFlags & TraceFlags.SAMPLED) !== 0
      : (parts.sampler?.decide() ?? true);
    if (!sampled) {
      call.set(clientContext, parentSpan ? parent : notRecorded(parent));
      return next(call);
    }
    let shape = shapes.get(call.method);
    if (!shape) shapes.set(call.method, (shape = spanShape(call.method)));
    const { name, attributes } = shape;
    const decided = parts.sampler ? decidedToRecord(parent) : parent;
    const span = parts.tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes }, decided);
    call.set(clientContext, trace.setSpan(parent, span));
    if (span.isRecording()) {
      span.setAttributes(callAttributes(call, 'client'));
      call.onEnd((ending) => endSpan(span, call, ending, 'client', false));
    }
    return next(call);
  };
}
