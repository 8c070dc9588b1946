import { BlockList, isIP } from 'node:net';
import { ExplainedError } from '@kun/config';

/** An environment variable names an unusable proxy. */
export class HttpProxyError extends ExplainedError {
  override readonly name = 'HttpProxyError';
}

/** An HTTP proxy that connections are tunnelled through with `CONNECT`. */
export interface HttpProxy {
  /** `host:port` */
  readonly address: string;
  /** `user:password` from its URL. */
  readonly credentials: string | undefined;
}

/** Environment variables, like `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy to use for an upstream, or `undefined` to connect directly.
 *
 * The proxy is that of `grpc_proxy`, else `https_proxy`, else `http_proxy` (grpc/doc/environment_variables.md; lower
 * case only, because under CGI a request header can set `HTTP_PROXY`). Never used for this host itself: `localhost`,
 * `127.0.0.0/8`, `::1`. Nor for the entries of `no_grpc_proxy`, else `no_proxy`, else `NO_PROXY`, separated by commas
 * or spaces: `*`; a name, which includes its subdomains, with or without a leading dot; an address; or a CIDR range
 * such as `10.0.0.0/8`. Each may end with a port and then applies only to that port.
 *
 * @throws {HttpProxyError} naming the variable, when it is needed and is not an `http:` URL.
 */
export function httpProxyFor(
  { host, port }: { readonly host: string; readonly port: number },
  environment: Environment,
): HttpProxy | undefined {
  const variable = PROXY_VARIABLES.find((name) => environment[name]);
  const value = variable && environment[variable]?.trim();
  if (!value) return undefined;
  const name = host.toLowerCase().replace(/\.$/, '');
  if (isLoopback(name) || isListed(name, port, exceptions(environment))) return undefined;
  return parseProxy(variable, value, host);
}

const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'];
const EXCEPTION_VARIABLES = ['no_grpc_proxy', 'no_proxy', 'NO_PROXY'];

function exceptions(environment: Environment): string[] {
  const variable = EXCEPTION_VARIABLES.find((name) => environment[name]) ?? '';
  return (environment[variable] ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    inRange(host, '127.0.0.0/8') ||
    inRange(host, '::1/128')
  );
}

function isListed(host: string, port: number, entries: readonly string[]): boolean {
  return entries.some((entry) => {
    if (entry === '*') return true;
    const [, bracketed, plain = entry, digits] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
    if (digits !== undefined && Number(digits) !== port) return false;
    const named = (bracketed ?? plain).toLowerCase().replace(/\.$/, '');
    if (isIP(host) !== 0)
      return inRange(host, named.includes('/') ? named : `${named}/${isIP(named) === 4 ? 32 : 128}`);
    const domain = named.replace(/^\*?\./, '');
    return host === domain || host.endsWith(`.${domain}`);
  });
}

function inRange(host: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const family = isIP(network);
  if (isIP(host) === 0 || family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host.replace(/%.*$/, ''), isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

function parseProxy(variable: string, value: string, host: string): HttpProxy {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url?.protocol !== 'http:' || url.hostname === '') {
    // Not its value, which may contain a password.
    throw new HttpProxyError(
      `the environment variable ${variable}, which would lead to ${host}, is not of the form http://host:port; correct it, or add ${host} to no_proxy`,
    );
  }
  const { hostname, port, username, password } = url;
  const credentials = [username, password].filter((part) => part !== '').map(decodeURIComponent);
  return {
    // grpc-js would default to port 443.
    address: `${hostname}:${port || '80'}`,
    credentials: credentials.length === 0 ? undefined : credentials.join(':'),
  };
}
