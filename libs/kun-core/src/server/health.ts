import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { Subscription } from 'rxjs';
import type { Readiness } from '../lifecycle/readiness.js';

/**
 * Serves grpc.health.v1: the server as a whole (`""`) and each of its services are SERVING while `readiness` says so.
 * Returns the subscription that keeps it so.
 */
export function serveHealth(server: Server, services: Iterable<string>, readiness: Readiness): Subscription {
  const names = ['', ...services];
  const health = new HealthImplementation();
  const subscription = readiness.changes$.subscribe({
    next: ({ ready }) => names.forEach((name) => health.setStatus(name, ready ? 'SERVING' : 'NOT_SERVING')),
    complete: () => names.forEach((name) => health.setStatus(name, 'NOT_SERVING')),
  });
  health.addToServer(server);
  return subscription;
}
