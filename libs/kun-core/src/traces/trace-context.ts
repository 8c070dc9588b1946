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

// Only for spans that code under a call activates itself; a call's own context needs no entry.
const nested = new AsyncLocalStorage<{ readonly call: RpcCall | undefined; readonly context: Context }>();

/** Sets the active context for code under the call. */
export function setCallContext(call: RpcCall, context: Context): void {
  call.set(callContext, context);
}

/**
 * The parent context for spans and calls of the running code. Under an unsampled call it is marked as unsampled, so
 * that work done for the call is not recorded either, here or downstream.
 */
export function activeContext(): Context {
  const call = currentCall();
  const own = nested.getStore();
  if (own && own.call === call) return own.context;
  return call ? contextOf(call) : ROOT_CONTEXT;
}

/** Runs `body` with another active context. */
export function withContext<T>(context: Context, body: () => T): T {
  return nested.run({ call: currentCall(), context }, body);
}

/**
 * An OpenTelemetry context manager that uses kun's current call. kun registers it while an application with tracing is
 * open, unless another one is registered or `Tracing.Global` is off.
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

/** The context of a call that begins an unsampled trace. */
export function notRecorded(context: Context): Context {
  const ids = randomBytes(24).toString('hex');
  const span = { traceId: ids.slice(0, 32), spanId: ids.slice(32), traceFlags: TraceFlags.NONE };
  return trace.setSpanContext(context, span);
}

/** Created on demand, because most unsampled calls never need it. */
function contextOf(call: RpcCall): Context {
  let context = call.get(callContext);
  if (!context) {
    context = notRecorded(ROOT_CONTEXT);
    call.set(callContext, context);
  }
  return context;
}

/** The recorded span of a call, for log lines that link to it; `undefined` when it is not recorded. */
export const recordedSpan = contextKey<SpanContext | undefined>('kun.recorded-span', undefined);
