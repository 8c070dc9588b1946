import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { forbidden } from './http-error.js';

/**
 * Refuses what was asked of another host: a page of somebody's can have its own name resolve to this process (DNS
 * rebinding), and the browser then takes the two for one site, but it sends that name along.
 */
export class KnownHosts {
  private readonly names: ReadonlySet<string>;

  /** @param further names besides loopback's and the host's own, in lower case */
  constructor(further: readonly string[] = []) {
    this.names = new Set(['localhost', '127.0.0.1', '::1', hostname().toLowerCase(), ...further]);
  }

  /** @throws {HttpError} naming the key that would let the host in. */
  check(request: IncomingMessage): void {
    const { host } = request.headers;
    const name = hostOf(host);
    if (name !== undefined && (this.names.has(name) || name === localAddress(request))) return;
    const shown = host === undefined ? 'no Host' : `the Host ${JSON.stringify(host.slice(0, MAX_SHOWN))}`;
    throw forbidden(
      `this process does not answer to ${shown}; ask it by its address or as localhost, or add the name to Admin.Hosts`,
    );
  }
}

const MAX_SHOWN = 100;

/** Name or address of an authority, without its port; `undefined` where it cannot be read. */
export function hostOf(authority: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(authority ?? '') ?? [];
  const name = (bracketed ?? plain)?.toLowerCase();
  return name?.endsWith('.') ? name.slice(0, -1) : name;
}

/** The address that the request came to; IPv4 as IPv4 where the port listens on both. */
function localAddress({ socket }: IncomingMessage): string | undefined {
  return socket.localAddress?.toLowerCase().replace(/^::ffff:(?=[\d.]+$)/, '');
}
