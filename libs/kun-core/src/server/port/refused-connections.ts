import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import { CALLERS_LINES, LineSampler } from '../../logs/line-sampler.js';
import { peerAddress } from '../../transport/peer-address.js';

/** What errors are counted as, by name; all others are of the handshake. */
const REASONS: Readonly<Record<string, string>> = {
  ConnectionSetupError: 'timeout',
  TlsHandshakeTimeoutError: 'timeout',
  AlpnError: 'alpn',
  NotHttp2Error: 'not_http2',
  TooManyConnectionsError: 'limit',
  OpenFilesError: 'open_files',
};

/**
 * `kun_connections_refused_total{reason}`: connections closed before a call could be made over them; `timeout` those that
 * took too long (`GRPCServer.ConnectionTimeout`), `not_http2` those that speak something else (told by the engine kun),
 * `tls` those refused in the handshake, `alpn` those that did not agree on h2 in it, `limit` and `open_files` those that there was no room for.
 */
export function countRefusedConnections(registry: Registry): (error: Error) => void {
  const counter = new Counter<'reason'>({
    name: 'kun_connections_refused_total',
    help: 'Connections closed before a call could be made over them',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of ['timeout', 'not_http2', 'tls', 'alpn', 'limit', 'open_files'])
    counter.inc({ reason }, 0);
  return (error) => counter.inc({ reason: REASONS[error.name] ?? 'tls' });
}

/**
 * Writes a line for a connection that was refused, of each kind of error as many as {@link CALLERS_LINES} allows.
 */
export function reportRefusedConnections(
  logger: Pick<Logger, 'warn'>,
  clock: Pick<Clock, 'now'>,
): (error: Error, connection: Parameters<typeof peerAddress>[0]) => void {
  const samplers = new Map<string, LineSampler>();
  return (error, connection) => {
    const { [error.name]: reason = 'tls' } = REASONS;
    let sampler = samplers.get(reason);
    if (!sampler) samplers.set(reason, (sampler = new LineSampler(CALLERS_LINES)));
    const skipped = sampler.take(clock.now());
    if (skipped === undefined) return;
    const fields = { err: error, 'peer.address': peerAddress(connection) };
    const ofTls = error.name === 'TlsHandshakeTimeoutError' || reason === 'tls' || reason === 'alpn';
    logger.warn(
      skipped > 0 ? { ...fields, 'log.skipped': skipped } : fields,
      `refused a ${ofTls ? 'TLS ' : ''}connection`,
    );
  };
}
