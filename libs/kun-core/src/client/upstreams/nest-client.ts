import type { ClientGrpc } from '@nestjs/microservices';
import { Observable, type Subscriber } from 'rxjs';
import { cancelled } from '../../status/factories.js';
import type { CallOptions } from '../call/call-options.js';
import type { MetadataInput } from '../call/call-metadata.js';
import type { UpstreamMethod, TypedClient } from './upstream-client.js';

/**
 * An upstream's client in Nest's form: methods take `(request, metadata?, options?)`, where a stream of requests is an
 * Observable, and return a cold Observable. Calls go through the same chain.
 */
export function nestClient(name: string, service: string, methods: TypedClient): ClientGrpc {
  const shortName = service.slice(service.lastIndexOf('.') + 1);
  const observables = Object.fromEntries(
    Object.entries(methods).map(([method, call]) => [method, asObservable(call)]),
  );
  const check = (asked: string) => {
    if (asked !== service && asked !== shortName) {
      throw new TypeError(`upstream "${name}" has the service ${service}, not ${asked}`);
    }
  };
  return {
    getService<T extends object>(asked: string): T {
      check(asked);
      return observables as T;
    },
    getClientByServiceName(asked: string): never {
      throw new TypeError(`upstream "${name}" has no raw client of ${asked}; use getService`);
    },
  };
}

function asObservable(call: UpstreamMethod) {
  return (request: unknown, metadata?: MetadataInput, options?: CallOptions): Observable<unknown> =>
    new Observable((subscriber) => {
      const leave = new AbortController();
      const own = withOwn(options, metadata, leave.signal);
      const answer = call(request, own);
      if (answer instanceof Promise)
        answer.then((message) => complete(subscriber, message), failing(subscriber));
      else forward(answer, subscriber).catch(failing(subscriber));
      return () => leave.abort(cancelled('the response was unsubscribed from'));
    });
}

/** Adds the metadata and signal of Nest's form to the options; invalid options are left for the client to report. */
function withOwn(
  given: CallOptions | undefined,
  metadata: MetadataInput | undefined,
  leave: AbortSignal,
): CallOptions {
  if (typeof (given ?? {}) !== 'object' || Array.isArray(given)) return given as CallOptions;
  try {
    const options = { ...given, ...(metadata && { metadata }) };
    if (options.signal === undefined) return { ...options, signal: leave };
    // Anything else is reported by the client under its name.
    if (!(options.signal instanceof AbortSignal)) return options;
    return { ...options, signal: AbortSignal.any([leave, options.signal]) };
  } catch {
    return given as CallOptions;
  }
}

function complete(subscriber: Subscriber<unknown>, message: unknown): void {
  subscriber.next(message);
  subscriber.complete();
}

function failing(subscriber: Subscriber<unknown>) {
  return (error: unknown) => subscriber.error(error);
}

async function forward(messages: AsyncIterable<unknown>, subscriber: Subscriber<unknown>): Promise<void> {
  for await (const message of messages) {
    if (subscriber.closed) return;
    subscriber.next(message);
  }
  subscriber.complete();
}
