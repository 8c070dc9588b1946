import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import { CALLERS_LINES, LineSampler } from '../../logs/line-sampler.js';
import { peerAddress } from '../../transport/peer-address.js';

/** What errors are counted as, by name; all others are of the handshake. */
const REASONS: Readonly<Record<string, string>> = {
  ConnectionSetupError: 'timeout',
  TlsHandshakeTimeoutError: 'timeout',
  NotHttp2Error: 'not_http2',
};

/**
 * `kun_connections_refused_total{reason}`: connections closed before a call could be made over them; `timeout` those that
 * took too long (`GRPCServer.ConnectionTimeout`), `not_http2` those that speak something else (told by the engine kun),
 * `tls` those refused in the handshake.
 */
export function countRefusedConnections(registry: Registry): (error: Error) => void {
  const counter: Counter<'reason'> = new Counter({
    name: 'kun_connections_refused_total',
    help: 'Connections closed before a call could be made over them',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of ['timeout', 'not_http2', 'tls']) counter.inc({ reason }, 0);
  return (error) => counter.inc({ reason: REASONS[error.name] ?? 'tls' });
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
    const what = PLAIN.has(error.name) ? 'a connection' : 'a TLS connection';
    logger.warn(skipped > 0 ? { ...fields, 'log.skipped': skipped } : fields, `refused ${what}`);
  };
}

/** Errors that are not of the handshake. */
const PLAIN: ReadonlySet<string> = new Set(['ConnectionSetupError', 'NotHttp2Error']);
