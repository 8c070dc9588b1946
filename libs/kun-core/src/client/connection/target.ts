import { ExplainedError } from '@kun/config';
import { readTarget } from '../../grammar/target.js';

/** An upstream's target cannot be dialled as it is written. */
export class TargetError extends ExplainedError {
  override readonly name = 'TargetError';
}

/** How calls are spread over the addresses of a target. */
export type LoadBalancing = 'round_robin' | 'pick_first';

/** A target, as grpc-js is to dial it. */
export interface Dial {
  /** What grpc-js resolves and connects to. */
  readonly address: string;
  /** `:authority` of the calls, where it is not the address's own. */
  readonly authority: string | undefined;
  /** The name that a TLS server's certificate must have, where it is not the address's own. */
  readonly serverName: string | undefined;
  readonly loadBalancing: LoadBalancing;
  /** Host and port that an HTTP proxy may be asked for; `undefined` where there is none to ask, or no name. */
  readonly reach: { readonly host: string; readonly port: number } | undefined;
}

/** What is dialled: the upstream's name for messages, its target, and the sidecar's port if there is one. */
export interface DialOptions {
  readonly name: string;
  readonly target: string;
  readonly proxyPort?: number | undefined;
}

/**
 * Decides how to dial a target.
 *
 * - a name: every address that it has, in turns (`round_robin`), so that a headless service's instances all get calls;
 * - several addresses: in turns; a single one, or a socket of this host: that one;
 * - with a proxy port: the sidecar at `127.0.0.1`, which balances itself, with the target's `host:port` as `:authority`.
 *
 * @throws {TargetError} naming the upstream, when the target is none.
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
      throw refuse('has no name for a proxy to route by; write host:port, or dial without the proxy port');
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
