import { Client, credentials } from '@grpc/grpc-js';
import { systemClock } from '../src/clock.js';
import type { Interceptor } from '../src/rpc/interceptor.js';
import { NO_ROUTES } from '../src/rpc/call-values.js';
import { serveHandlers, type Handlers, type M } from './serve.js';
import type { CallOptions } from '../src/client/call/call-options.js';
import { upstreamClient, type UpstreamClientParts } from '../src/client/upstreams/upstream-client.js';

/** The typed client of the service of `serve.fixture.ts`. */
export interface TClient {
  unary(request: Partial<M>, options?: CallOptions): Promise<M>;
  watch(request: Partial<M>, options?: CallOptions): AsyncIterableIterator<M, undefined>;
  collect(requests: unknown, options?: CallOptions): Promise<M>;
  chat(requests: unknown, options?: CallOptions): AsyncIterableIterator<M, undefined>;
}

export type TestServer = Awaited<ReturnType<typeof serveHandlers>>;

export interface ConnectOptions extends Partial<Pick<UpstreamClientParts, 'routes' | 'onLeftOut'>> {
  readonly interceptors?: readonly Interceptor[];
  readonly timeoutMs?: number;
}

/** Servers of handlers and clients of them, all ended by one call. */
export class TestPeers {
  private readonly ends: Array<() => unknown> = [];

  async serve(handlers: Handlers): Promise<TestServer> {
    const service = await serveHandlers(handlers);
    this.ends.push(() => service.stop());
    return service;
  }

  connect({ port, server }: TestServer, options: ConnectOptions = {}): TClient {
    const service = server.services.get('t.v1.T');
    if (!service) throw new Error('no service');
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    this.ends.push(() => client.close());
    return upstreamClient({
      name: 't',
      target: `127.0.0.1:${port}`,
      client,
      service,
      clock: systemClock,
      draining: new AbortController().signal,
      policy: 'pass',
      interceptors: () => options.interceptors ?? [],
      timeoutMs: () => options.timeoutMs,
      onLeftOut: options.onLeftOut,
      onObserverError: (_call, error) => {
        throw error;
      },
      routes: options.routes ?? (() => NO_ROUTES),
    }) as unknown as TClient;
  }

  async end(): Promise<void> {
    for (const end of this.ends.splice(0).toReversed()) await end();
  }
}
