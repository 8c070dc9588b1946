import { ExplainedError } from '@kun/config';
import { readTarget } from '../../grammar/target.js';

/** An upstream's target cannot be dialled as written. */
export class TargetError extends ExplainedError {
  override readonly name = 'TargetError';
}

/** How calls are distributed over the addresses of a target. */
export type LoadBalancing = 'round_robin' | 'pick_first';

/** How grpc-js dials a target. */
export interface Dial {
  /** The address that grpc-js resolves and connects to. */
  readonly address: string;
  /** The `:authority` of calls, if it differs from the address. */
  readonly authority: string | undefined;
  /** The name that a TLS server's certificate must have, if it differs from the address. */
  readonly serverName: string | undefined;
  readonly loadBalancing: LoadBalancing;
  /** Host and port to request from an HTTP proxy; `undefined` when no proxy applies or there is no host name. */
  readonly reach: { readonly host: string; readonly port: number } | undefined;
}

/** The upstream's name for messages, its target, and the sidecar's port if there is one. */
export interface DialOptions {
  readonly name: string;
  readonly target: string;
  readonly proxyPort?: number | undefined;
}

/**
 * Decides how to dial a target.
 *
 * - a name: all its addresses in turn (`round_robin`), so that every instance of a headless service gets calls;
 * - several addresses: in turn; a single one, or a Unix socket: just that;
 * - with a proxy port: the sidecar at `127.0.0.1`, which does its own load balancing, with the target's `host:port` as
 *   `:authority`.
 *
 * @throws {TargetError} naming the upstream, when the target is invalid.
 */
export function dial({ name, target: text, proxyPort }: DialOptions): Dial {
  const refuse = (problem: string) =>
    new TargetError(`upstream ${name}: the target ${JSON.stringify(text)} ${problem}`);
  const reading = readTarget(text);
  if ('problem' in reading) throw refuse(reading.problem);
  const { target } = reading;
  const none = { authority: undefined, serverName: undefined, reach: undefined };

  if (proxyPort !== undefined) {
    const named = target.kind === 'name' || (target.kind === 'address' && !/^ipv[46]:/i.test(text));
    if (!named)
      throw refuse(
        'has no name that a proxy could route by; write host:port, or dial without the proxy port',
      );
    const address = `127.0.0.1:${proxyPort}`;
    return {
      ...none,
      address,
      authority: target.hostPort,
      serverName: target.host,
      loadBalancing: 'pick_first',
    };
  }
  if ('written' in target) {
    const loadBalancing = target.kind === 'addresses' ? 'round_robin' : 'pick_first';
    return { ...none, address: target.written, loadBalancing };
  }
  return target.kind === 'name'
    ? { ...none, address: `dns:///${target.hostPort}`, loadBalancing: 'round_robin', reach: target }
    : { ...none, address: target.hostPort, loadBalancing: 'pick_first', reach: target };
}
