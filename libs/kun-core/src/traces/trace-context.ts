import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import {
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type ContextManager,
  type SpanContext,
} from '@opentelemetry/api';
import { contextKey } from '../rpc/call-values.js';
import { currentCall } from '../rpc/current-call.js';
import type { RpcCall } from '../rpc/rpc-call.js';

const callContext = contextKey<Context | undefined>('kun.trace-context', undefined);

// Only for spans that code under a call makes active itself; a call's own context costs no entry.
const nested = new AsyncLocalStorage<{ readonly call: RpcCall | undefined; readonly context: Context }>();

/** Sets the context that code under the call finds active. */
export function setCallContext(call: RpcCall, context: Context): void {
  call.set(callContext, context);
}

/**
 * The context that spans and calls made by the running code descend from. Under a call that is not recorded it says so,
 * so that what is done for the call is not recorded either, here or further on.
 */
export function activeContext(): Context {
  const call = currentCall();
  const own = nested.getStore();
  if (own && own.call === call) return own.context;
  return call ? contextOf(call) : ROOT_CONTEXT;
}

/** Runs `body` with another context active. */
export function withContext<T>(context: Context, body: () => T): T {
  return nested.run({ call: currentCall(), context }, body);
}

/**
 * OpenTelemetry's context, kept where kun keeps the current call. Registered by kun itself while an application with
 * tracing is open, unless somebody else has registered one or `Tracing.Global` is off.
 */
export class CallContextManager implements ContextManager {
  active(): Context {
    return activeContext();
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const body = () => fn.call(thisArg, ...args);
    return context === activeContext() ? body() : withContext(context, body);
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const bound = (...args: unknown[]): unknown =>
      this.with(context, () => Reflect.apply(target, undefined, args));
    return bound as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

/** The context of a call that begins a trace which nobody records. */
export function notRecorded(context: Context): Context {
  const ids = randomBytes(24).toString('hex');
  const span = { traceId: ids.slice(0, 32), spanId: ids.slice(32), traceFlags: TraceFlags.NONE };
  return trace.setSpanContext(context, span);
}

/** Made when asked for: most calls that are not recorded never need it. */
function contextOf(call: RpcCall): Context {
  let context = call.get(callContext);
  if (!context) {
    context = notRecorded(ROOT_CONTEXT);
    call.set(callContext, context);
  }
  return context;
}

/** The recorded span of a call, for whoever writes lines that should lead to it; `undefined` when none is recorded. */
export const recordedSpan = contextKey<SpanContext | undefined>('kun.recorded-span', undefined);
