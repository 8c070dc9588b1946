import type { Client } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import { upstreamClient } from '../../client/upstreams/upstream-client.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import { NO_ROUTES } from '../../rpc/call-values.js';

/**
 * The client that `@InjectClient` would inject, with nothing of a service around it: no chain, no retry, no timeout but
 * the call's own, and errors as they come.
 */
export function typedClient(name: string, client: Client, service: ServiceDefinition, clock: Clock): object {
  return upstreamClient({
    name,
    target: client.getChannel().getTarget(),
    client,
    service,
    clock,
    draining: new AbortController().signal,
    policy: 'pass',
    interceptors: () => [],
    timeoutMs: () => undefined,
    // No interceptor, no observer.
    onObserverError: () => {},
    routes: () => NO_ROUTES,
  });
}
