import type { Client } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import { upstreamClient } from '../../client/upstreams/upstream-client.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import { NO_ROUTES } from '../../rpc/call-values.js';

/**
 * The client that `@InjectClient` would inject, but without a service around it: no interceptors, no retries, no
 * timeout except the call's own, and unmapped errors.
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
    // There are no interceptors and no observers.
    onObserverError: () => {},
    routes: () => NO_ROUTES,
  });
}
