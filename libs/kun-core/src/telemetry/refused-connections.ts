import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import { peerAddress } from '../transport/peer-address.js';
import { CALLERS_LINES, LineSampler } from './line-sampler.js';

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
