import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import type { NearLimit } from './connection-quota.js';

/** `kun_connections`: the open connections of the gRPC port, including those still in their handshake. */
export function exposeConnections(open: () => number, registry: Registry): void {
  const gauge: Gauge = new Gauge({
    name: 'kun_connections',
    help: 'Open connections of the gRPC port',
    registers: [registry],
    collect: () => gauge.set(open()),
  });
}

/** The minimum time between two log lines about one limit, in milliseconds. */
const QUIET_MS = 60_000;

/** Logs when a limit of connections or open files is nearly reached, at most once a minute for each. */
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
        ? 'raise GRPCServer.MaxConnections, run more instances, or close idle connections (GRPCServer.MaxConnectionIdle)'
        : 'raise the limit of open files (ulimit -n), or lower GRPCServer.MaxConnections below it';
    logger.warn({ open, limit }, `the limit of ${what} is near: ${remedy}`);
  };
}
