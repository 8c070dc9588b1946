import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import { CALLERS_LINES, LineSampler } from '../../logs/line-sampler.js';
import { peerAddress } from '../../transport/peer-address.js';

/** Names of errors that say that a connection took too long. */
const TIMEOUTS: ReadonlySet<string> = new Set(['ConnectionSetupError', 'TlsHandshakeTimeoutError']);

/**
 * `kun_connections_refused_total{reason}`: connections closed before a call could be made over them; `timeout` those that
 * took too long (`GRPCServer.ConnectionTimeout`), `tls` those refused in the handshake.
 */
export function countRefusedConnections(registry: Registry): (error: Error) => void {
  const counter: Counter<'reason'> = new Counter({
    name: 'kun_connections_refused_total',
    help: 'Connections closed before a call could be made over them',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of ['timeout', 'tls']) counter.inc({ reason }, 0);
  return (error) => counter.inc({ reason: TIMEOUTS.has(error.name) ? 'timeout' : 'tls' });
}

/** Writes a line for a connection refused in its handshake, or for the time it took, as many as {@link CALLERS_LINES} allows. */
export function reportRefusedConnections(
  logger: Pick<Logger, 'warn'>,
  clock: Pick<Clock, 'now'>,
): (error: Error, connection: Parameters<typeof peerAddress>[0]) => void {
  const sampler = new LineSampler(CALLERS_LINES);
  return (error, connection) => {
    const skipped = sampler.take(clock.now());
    if (skipped === undefined) return;
    const fields = { err: error, 'peer.address': peerAddress(connection) };
    const what = error.name === 'ConnectionSetupError' ? 'a connection' : 'a TLS connection';
    logger.warn(skipped > 0 ? { ...fields, 'log.skipped': skipped } : fields, `refused ${what}`);
  };
}
