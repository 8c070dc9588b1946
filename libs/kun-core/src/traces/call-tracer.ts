import {
  trace,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import { activeContext, withContext } from './trace-context.js';

/** A tracer whose spans descend from the current call, without any process-wide registration. */
export class CallTracer implements Tracer {
  constructor(private readonly tracer: Tracer) {}

  startSpan(name: string, options?: SpanOptions, context: Context = activeContext()): Span {
    return this.tracer.startSpan(name, options, context);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    context: Context,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan(name: string, ...rest: unknown[]): unknown {
    const fn = rest.pop() as (span: Span) => unknown;
    const [options, given] = rest as [SpanOptions?, Context?];
    const parent = given ?? activeContext();
    const span = this.tracer.startSpan(name, options, parent);
    return withContext(trace.setSpan(parent, span), () => fn(span));
  }
}

/** Wraps another provider's tracers as {@link CallTracer}s. */
export class CallTracerProvider implements TracerProvider {
  constructor(private readonly provider: TracerProvider) {}

  getTracer(name: string, version?: string): Tracer {
    return new CallTracer(this.provider.getTracer(name, version));
  }
}
