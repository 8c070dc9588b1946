import type { Metadata } from '@grpc/grpc-js';
import { createTraceState, TraceFlags, type SpanContext } from '@opentelemetry/api';

/** The caller's trace context. */
export interface InboundTrace {
  /** The caller's span; its flags match {@link sampled}. */
  readonly parent: SpanContext | undefined;
  /** Whether the caller samples; `undefined` leaves the decision to this service. */
  readonly sampled: boolean | undefined;
}

/** `w3c` is `traceparent` with `tracestate`; `b3` is Zipkin's single header, `b3multi` its `x-b3-*` headers. */
export type TraceHeaderFormat = 'w3c' | 'b3' | 'b3multi';

/**
 * Reads the trace context of a call from `traceparent` (W3C Trace Context), else `b3`, else `x-b3-*` (Zipkin's B3).
 * Malformed headers count as absent, as both specifications require.
 *
 * Equivalent to OpenTelemetry's propagators in a fraction of their time, which every call costs, even unsampled ones.
 */
export function readTraceHeaders(metadata: Metadata): InboundTrace | undefined {
  const traceparent = first(metadata, 'traceparent');
  if (traceparent !== undefined) {
    const trace = parseTraceparent(traceparent, metadata);
    if (trace) return trace;
  }
  const b3 = first(metadata, 'b3');
  if (b3 !== undefined) {
    const trace = parseB3(b3);
    if (trace) return trace;
  }
  return parseMultiB3(metadata);
}

/** Writes the trace context for the other side of a call. */
export function writeTraceHeaders(
  metadata: Metadata,
  span: SpanContext,
  formats: readonly TraceHeaderFormat[] = ['w3c', 'b3'],
): void {
  const sampled = (span.traceFlags & TraceFlags.SAMPLED) !== 0;
  for (const format of formats) {
    if (format === 'w3c') {
      metadata.set('traceparent', `00-${span.traceId}-${span.spanId}-${sampled ? '01' : '00'}`);
      const state = span.traceState?.serialize();
      if (state) metadata.set('tracestate', state);
    } else if (format === 'b3') {
      metadata.set('b3', `${span.traceId}-${span.spanId}-${sampled ? '1' : '0'}`);
    } else {
      metadata.set('x-b3-traceid', span.traceId);
      metadata.set('x-b3-spanid', span.spanId);
      metadata.set('x-b3-sampled', sampled ? '1' : '0');
    }
  }
}

// Version 00 has four parts; later ones may add more, and ff is not a version.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/;

function parseTraceparent(header: string, metadata: Metadata): InboundTrace | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) return undefined;
  const state = metadata.get('tracestate').join(',');
  const sampled = (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0;
  return inbound(traceId, spanId, sampled, state);
}

function parseB3(header: string): InboundTrace | undefined {
  if (header === '0') return { parent: undefined, sampled: false };
  if (header === '1' || header === 'd') return { parent: undefined, sampled: true };
  const [, traceId, spanId, decision] = B3.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return inbound(traceId, spanId, decision === undefined ? undefined : decision !== '0');
}

function parseMultiB3(metadata: Metadata): InboundTrace | undefined {
  const sampled = sampledByMultiB3(metadata);
  const traceId = first(metadata, 'x-b3-traceid');
  const spanId = first(metadata, 'x-b3-spanid');
  if (traceId !== undefined && spanId !== undefined && B3.test(`${traceId}-${spanId}`)) {
    const trace = inbound(traceId, spanId, sampled);
    if (trace) return trace;
  }
  return sampled === undefined ? undefined : { parent: undefined, sampled };
}

function sampledByMultiB3(metadata: Metadata): boolean | undefined {
  const sampled = first(metadata, 'x-b3-sampled');
  if (sampled === '0' || sampled === 'false') return false;
  if (sampled === '1' || sampled === 'true') return true;
  // Debug: always sample.
  return first(metadata, 'x-b3-flags') === '1' ? true : undefined;
}

function inbound(
  traceId: string,
  spanId: string,
  sampled: boolean | undefined,
  state = '',
): InboundTrace | undefined {
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const parent: SpanContext = {
    traceId: traceId.padStart(32, '0'),
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
  if (state !== '') parent.traceState = createTraceState(state);
  return { parent, sampled };
}

function first(metadata: Metadata, name: string): string | undefined {
  const value = metadata.get(name)[0];
  return typeof value === 'string' ? value : undefined;
}
