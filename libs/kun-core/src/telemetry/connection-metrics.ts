import { Counter, type Registry } from 'prom-client';

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
