import { Metadata } from '@grpc/grpc-js';
import {
  trace,
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';
import { BAGGAGE_HEADER, baggageHeader, readBaggage } from './baggage.js';
import { readTraceHeaders, writeTraceHeaders, type TraceHeaderFormat } from './trace-headers.js';

const READ = ['traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled', 'x-b3-flags'];

/** How trace context and baggage are propagated. */
export interface Propagation {
  /** Default: W3C and single B3 */
  readonly formats: readonly TraceHeaderFormat[];
  /** Whether baggage is propagated. Default: true */
  readonly baggage: boolean;
}

export const DEFAULT_PROPAGATION: Propagation = { formats: ['w3c', 'b3'], baggage: true };

/** kun's trace headers as an OpenTelemetry propagator, for clients instrumented by OpenTelemetry. */
export class CallPropagator implements TextMapPropagator {
  constructor(private readonly options: Propagation = DEFAULT_PROPAGATION) {}

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    const metadata = new Metadata();
    if (span) writeTraceHeaders(metadata, span, this.options.formats);
    const baggage = this.options.baggage ? baggageHeader(context) : undefined;
    if (baggage !== undefined) metadata.set(BAGGAGE_HEADER, baggage);
    for (const [name, value] of Object.entries(metadata.getMap())) setter.set(carrier, name, String(value));
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const metadata = new Metadata();
    const first = (name: string): string | undefined => {
      const value = getter.get(carrier, name);
      return Array.isArray(value) ? value[0] : value;
    };
    for (const name of READ) {
      const value = first(name);
      if (value !== undefined && /^[\x20-\x7e]*$/.test(value)) metadata.set(name, value);
    }
    const parent = readTraceHeaders(metadata)?.parent;
    const within = parent ? trace.setSpanContext(context, parent) : context;
    return this.options.baggage ? readBaggage(within, first(BAGGAGE_HEADER)) : within;
  }

  fields(): string[] {
    return [...READ, BAGGAGE_HEADER];
  }
}
