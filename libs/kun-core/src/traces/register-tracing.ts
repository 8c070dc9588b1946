import {
  context,
  propagation,
  ProxyTracerProvider,
  trace,
  type Context,
  type Span,
  type SpanOptions,
  type TextMapPropagator,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import { CallContextManager } from './trace-context.js';

/** Where OpenTelemetry's API keeps its process-wide registrations. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

// The application whose tracing is registered, at most one, because registration is process-wide.
const current: TracerProvider[] = [];

/**
 * Registers an application's tracing with OpenTelemetry's API if nothing is registered: the API's active span is then
 * the call's, and spans of database and HTTP client instrumentations descend from it. Returns a function that undoes
 * this, or `undefined` when something was already registered.
 *
 * Context manager, tracer provider and propagator belong together, so either all are registered or none.
 */
export function registerTracing(
  provider: TracerProvider,
  propagator: TextMapPropagator,
): (() => void) | undefined {
  const taken = registered();
  if (taken['context'] || taken['trace'] || taken['propagation']) return undefined;
  current.push(provider);
  context.setGlobalContextManager(new CallContextManager().enable());
  trace.setGlobalTracerProvider(new CurrentTracerProvider());
  propagation.setGlobalPropagator(propagator);
  const ours = { ...registered() };
  return () => {
    current.length = 0;
    const now = registered();
    if (now['context'] === ours['context']) context.disable();
    if (now['trace'] === ours['trace']) trace.disable();
    if (now['propagation'] === ours['propagation']) propagation.disable();
  };
}

/**
 * Resolves the registered application anew for each span: instrumentations keep the first tracer they get, even after
 * its application has ended.
 */
class CurrentTracerProvider implements TracerProvider {
  getTracer(name: string, version?: string): Tracer {
    return new CurrentTracer(() => (current[0] ?? NOBODY).getTracer(name, version));
  }
}

class CurrentTracer implements Tracer {
  constructor(private readonly tracer: () => Tracer) {}

  startSpan(name: string, options?: SpanOptions, parent?: Context): Span {
    return this.tracer().startSpan(name, options, parent);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    const tracer = this.tracer();
    return Reflect.apply(tracer.startActiveSpan.bind(tracer), undefined, [name, ...rest]) as ReturnType<F>;
  }
}

/** Its tracers record nothing. */
const NOBODY = new ProxyTracerProvider();

function registered(): Readonly<Record<string, unknown>> {
  return (globalThis as unknown as Record<symbol, Record<string, unknown> | undefined>)[REGISTERED] ?? {};
}
