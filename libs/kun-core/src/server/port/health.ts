import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { Subscription } from 'rxjs';
import type { Liveness } from '../../lifecycle/liveness.js';
import type { Readiness } from '../../lifecycle/readiness.js';
import type { Startup } from '../../lifecycle/startup.js';
import type { ServiceImplementation } from '../answer/bind-service.js';

/** The sources of grpc.health.v1. */
export interface HealthParts {
  readonly readiness: Readiness;
  /** Default: the service `liveness` is unknown. */
  readonly liveness?: Liveness | undefined;
  /** Default: the service `startup` is unknown. */
  readonly startup?: Startup | undefined;
}

/**
 * Serves grpc.health.v1: the server as a whole (`""`), each of its services and `readiness` are SERVING while readiness
 * says so; `liveness` and `startup` answer like `/livez` and `/startupz`. A served service with one of these names
 * takes precedence. Returns the subscription that keeps the states current.
 */
export function serveHealth(
  serve: (service: ServiceImplementation) => void,
  services: Iterable<string>,
  { readiness, liveness, startup }: HealthParts,
): Subscription {
  const served = new Set(services);
  const health = new HealthImplementation();
  const set = (name: string, up: boolean) => health.setStatus(name, up ? 'SERVING' : 'NOT_SERVING');
  const ready = new Set(['', ...served, READINESS]);
  const subscription = readiness.changes$.subscribe({
    next: ({ ready: isReady }) => ready.forEach((name) => set(name, isReady)),
    complete: () => ready.forEach((name) => set(name, false)),
  });
  if (liveness && !served.has(LIVENESS)) {
    subscription.add(liveness.changes$.subscribe((alive) => set(LIVENESS, alive)));
  }
  if (startup && !served.has(STARTUP)) {
    subscription.add(startup.changes$.subscribe((started) => set(STARTUP, started)));
  }
  // Liveness checks run on request, whatever the protocol.
  const refresh = async (name: string) => {
    if (name === LIVENESS && !served.has(LIVENESS)) await liveness?.report();
  };
  health.addToServer({
    addService: (definition, implementation) =>
      serve({ definition, implementation: askedFirst(implementation, refresh) }),
  });
  return subscription;
}

const LIVENESS = 'liveness';
const READINESS = 'readiness';
const STARTUP = 'startup';

type Check = (call: { readonly request: { readonly service: string } }, ...rest: unknown[]) => void;

/** The same service, refreshed before it answers a `Check`. */
function askedFirst(
  implementation: UntypedServiceImplementation,
  refresh: (name: string) => Promise<void>,
): UntypedServiceImplementation {
  const check = implementation['check'] as unknown as Check;
  const looked: Check = (call, ...rest) =>
    void refresh(call.request.service).then(() => check(call, ...rest));
  return { ...implementation, check: looked as UntypedServiceImplementation[string] };
}
