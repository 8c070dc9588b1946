import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import { CALLERS_LINES, LineSampler } from '../../logs/line-sampler.js';
import { peerAddress } from '../../transport/peer-address.js';

/** The metric label for an error, by its name; all others are handshake errors. */
const REASONS: Readonly<Record<string, string>> = {
  ConnectionSetupError: 'timeout',
  TlsHandshakeTimeoutError: 'timeout',
  AlpnError: 'alpn',
  NotHttp2Error: 'not_http2',
  TooManyConnectionsError: 'limit',
  OpenFilesError: 'open_files',
  AcceptError: 'accept',
};

/**
 * `kun_connections_refused_total{reason}`: connections closed before a call could be made on them. `timeout`: took too
 * long (`GRPCServer.ConnectionTimeout`); `not_http2`: the peer speaks something else (reported by the engine kun);
 * `tls`: failed handshake; `alpn`: h2 was not negotiated; `limit` and `open_files`: no room;
 * `accept`: the system could not hand it over.
 */
export function countRefusedConnections(registry: Registry): (error: Error) => void {
  const counter = new Counter<'reason'>({
    name: 'kun_connections_refused_total',
    help: 'Connections closed before a call could be made on them',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of ['timeout', 'not_http2', 'tls', 'alpn', 'limit', 'open_files', 'accept'])
    counter.inc({ reason }, 0);
  return (error) => counter.inc({ reason: REASONS[error.name] ?? 'tls' });
}

/** Logs refused connections, for each kind of error as many as {@link CALLERS_LINES} allows. */
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
    const fields = { err: error, ...(connection && { 'peer.address': peerAddress(connection) }) };
    const ofTls = error.name === 'TlsHandshakeTimeoutError' || reason === 'tls' || reason === 'alpn';
    logger.warn(
      skipped > 0 ? { ...fields, 'log.skipped': skipped } : fields,
      `refused a ${ofTls ? 'TLS ' : ''}connection`,
    );
  };
}
