import { isIP, isIPv4, isIPv6 } from 'node:net';

/** A parsed target. */
export type Target =
  /** A name, whose addresses are looked up; or a single address. */
  | {
      readonly kind: 'name' | 'address';
      readonly host: string;
      readonly port: number;
      /** `host:port` as it was written. */
      readonly hostPort: string;
    }
  /** Several addresses of one family; `written` is what grpc-js resolves. */
  | { readonly kind: 'addresses'; readonly written: string }
  /** A socket of this host, by its path. */
  | { readonly kind: 'unix'; readonly written: string };

/** The result of parsing: a target, or the problem with it. */
export type TargetReading = { readonly target: Target } | { readonly problem: string };

/**
 * Reads where an upstream is, as the configuration and `UpstreamOptions.target` write it:
 *
 * - `host:port`, or `dns:///host:port`, `dns:host:port`: a name, or an address as `10.0.0.1:50051` and `[::1]:50051`;
 * - `ipv4:10.0.0.1:50051,10.0.0.2:50051`, `ipv6:[::1]:50051`: addresses;
 * - `unix:/run/orders.sock`, `unix:relative.sock`, `unix:///run/orders.sock`: a socket.
 *
 * A port always: grpc-js would take 443 for a name without one. The problem completes the sentence "the target ...".
 *
 * Source: grpc/doc/naming.md.
 */
export function readTarget(text: string): TargetReading {
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d+$)/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return readHostPort(text);
    case 'dns':
      return readDns(text.slice('dns:'.length));
    case 'ipv4':
    case 'ipv6':
      return readAddresses(scheme, text.slice(`${scheme}:`.length));
    case 'unix':
      return readPath(text);
    default:
      return {
        problem: `has the scheme ${scheme}, which cannot be dialled; write host:port, or use one of ${SCHEMES}`,
      };
  }
}

const SCHEMES = 'dns, ipv4, ipv6, unix';
const NO_HOST_PORT = 'is not a host and port; write host:port, such as orders.shop.svc.cluster.local:50051';

function readDns(rest: string): TargetReading {
  const [, server, hostPort] = /^\/\/([^/]*)\/(.*)$/.exec(rest) ?? [undefined, '', rest];
  // grpc-js would ask the host's resolver all the same.
  if (server)
    return {
      problem: `names the DNS server ${server}, but the host's own is asked; write dns:///${hostPort}`,
    };
  return readHostPort(hostPort ?? '');
}

function readHostPort(hostPort: string): TargetReading {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:/?#\s[\]]+)):(\d+)$/.exec(hostPort) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) return { problem: NO_HOST_PORT };
  const problem = portProblem(digits) ?? (isIP(host) === 0 ? nameProblem(host) : undefined);
  if (problem !== undefined) return { problem };
  return { target: { kind: isIP(host) === 0 ? 'name' : 'address', host, port: Number(digits), hostPort } };
}

function readAddresses(scheme: 'ipv4' | 'ipv6', list: string): TargetReading {
  const form = scheme === 'ipv4' ? '10.0.0.1:50051' : '[::1]:50051';
  const addresses = list.split(',');
  for (const address of addresses) {
    const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(address) ?? [];
    const fits = scheme === 'ipv4' ? isIPv4(plain ?? '') : isIPv6(bracketed ?? '');
    if (!fits)
      return {
        problem: `has ${JSON.stringify(address)}, which is no ${scheme} address and port; write ${form}`,
      };
    const problem = portProblem(digits);
    if (problem !== undefined) return { problem };
  }
  if (addresses.length === 1) return readHostPort(list);
  return { target: { kind: 'addresses', written: `${scheme}:${list}` } };
}

function readPath(text: string): TargetReading {
  const path = text.slice('unix:'.length);
  const problem = 'names no socket; write unix:relative/path, unix:/absolute/path or unix:///absolute/path';
  const relative = path.startsWith('//') && !path.startsWith('///');
  return path === '' || path === '///' || relative
    ? { problem }
    : { target: { kind: 'unix', written: text } };
}

function portProblem(digits: string | undefined): string | undefined {
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? undefined : `has the port ${digits}; ports go from 1 to 65535`;
}

/** RFC 1035, 2.3.4, and the underscore that Kubernetes' and Docker's names may have. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const MAX_NAME_LENGTH = 253;

function nameProblem(host: string): string | undefined {
  const labels = host.replace(/\.$/, '').split('.');
  if (/^\d+$/.test(labels.at(-1) ?? ''))
    return `has ${host}, which looks like an IPv4 address but is not one`;
  if (host.length <= MAX_NAME_LENGTH && labels.every((label) => LABEL.test(label))) return undefined;
  // eslint-disable-next-line no-control-regex -- all of ASCII
  const remedy = /^[\x00-\x7f]*$/.test(host)
    ? ''
    : '; write an international name in its ASCII form (xn--...)';
  return `has ${JSON.stringify(host)}, which cannot be the name of a host${remedy}`;
}
