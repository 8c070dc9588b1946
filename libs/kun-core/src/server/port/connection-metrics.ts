import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import type { NearLimit } from './connection-limit.js';

/** `kun_connections`: the connections of the gRPC port that are open now, in their handshake or beyond it. */
export function exposeConnections(open: () => number, registry: Registry): void {
  const gauge: Gauge = new Gauge({
    name: 'kun_connections',
    help: 'Connections of the gRPC port that are open now',
    registers: [registry],
    collect: () => gauge.set(open()),
  });
}

/** What is between two lines about one limit, in milliseconds. */
const QUIET_MS = 60_000;

/** Writes a line when a limit of connections or open files is near, of each one a minute. */
export function reportNearLimit(
  logger: Pick<Logger, 'warn'>,
  clock: Pick<Clock, 'monotonicMs'>,
): (near: NearLimit) => void {
  const told = new Map<NearLimit['what'], number>();
  return ({ what, open, limit }) => {
    const now = clock.monotonicMs();
    if (now - (told.get(what) ?? -Infinity) < QUIET_MS) return;
    told.set(what, now);
    const remedy =
      what === 'connections'
        ? 'raise GRPCServer.MaxConnections, run more instances, or let idle connections go (GRPCServer.MaxConnectionIdle)'
        : 'raise the limit of open files (ulimit -n), or lower GRPCServer.MaxConnections below it';
    logger.warn({ open, limit }, `the limit of ${what} is near: ${remedy}`);
  };
}
