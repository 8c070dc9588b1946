import { isIP, isIPv6 } from 'node:net';

/** An upstream's target cannot be dialled as it is written. */
export class TargetError extends Error {
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
}

/** What is dialled: the upstream's name for messages, its target, and the sidecar's port if there is one. */
export interface DialOptions {
  readonly name: string;
  readonly target: string;
  readonly proxyPort?: number | undefined;
}

/** What grpc-js resolves by itself. */
const SCHEMES: ReadonlySet<string> = new Set(['dns', 'ipv4', 'ipv6', 'unix']);

/**
 * Decides how to dial a target.
 *
 * - `host:port`, with or without `dns:///`: every address that the name has, in turns (`round_robin`), so that a headless
 *   service's instances all get calls;
 * - `10.0.0.1:50051`, `ipv4:…`, `ipv6:…`, `unix:…`: as it is written;
 * - with a proxy port: the sidecar at `127.0.0.1`, which balances itself, with the target's `host:port` as `:authority`.
 *
 * @throws {TargetError} naming the upstream, when there is no port or the scheme is none of these.
 */
export function dial({ name, target, proxyPort }: DialOptions): Dial {
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d+$)/i.exec(target)?.[1]?.toLowerCase();
  if (scheme !== undefined && !SCHEMES.has(scheme)) {
    throw new TargetError(
      `upstream ${name}: the target ${JSON.stringify(target)} has the scheme ${scheme}, which cannot be dialled; write host:port, or use one of ${[...SCHEMES].join(', ')}`,
    );
  }
  if (scheme === 'unix' || scheme === 'ipv4' || scheme === 'ipv6') {
    if (proxyPort !== undefined) {
      throw new TargetError(
        `upstream ${name}: the target ${JSON.stringify(target)} has no name for a proxy to route by; write host:port, or dial without the proxy port`,
      );
    }
    return { address: target, authority: undefined, serverName: undefined, loadBalancing: 'pick_first' };
  }
  const [, resolver = '', hostPort = target] = /^dns:(?:\/\/([^/]*)\/)?(.*)$/i.exec(target) ?? [];
  const host = hostOf(name, target, hostPort);
  if (proxyPort !== undefined) {
    return {
      address: `127.0.0.1:${proxyPort}`,
      authority: hostPort,
      serverName: host,
      loadBalancing: 'pick_first',
    };
  }
  if (isIP(host) !== 0) {
    return { address: hostPort, authority: undefined, serverName: undefined, loadBalancing: 'pick_first' };
  }
  return {
    address: `dns://${resolver}/${hostPort}`,
    authority: undefined,
    serverName: undefined,
    loadBalancing: 'round_robin',
  };
}

/** grpc-js would take a name without a port for port 443. */
function hostOf(name: string, target: string, hostPort: string): string {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:/?#\s[\]]+)):(\d{1,5})$/.exec(hostPort) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new TargetError(
      `upstream ${name}: the target ${JSON.stringify(target)} is no host and port; write host:port, as orders.shop.svc.cluster.local:50051`,
    );
  }
  return host;
}
