import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { forbidden } from './http-error.js';

/**
 * Refuses requests for another host. A foreign page can make its own name resolve to this process (DNS rebinding), so that
 * the browser treats both as one site; but the browser sends that name in `Host`.
 */
export class KnownHosts {
  private readonly names: ReadonlySet<string>;

  /** @param names allowed in addition to loopback and the host's own, in lower case */
  constructor(further: readonly string[] = []) {
    this.names = new Set(['localhost', '127.0.0.1', '::1', hostname().toLowerCase(), ...further]);
  }

  /** @throws {HttpError} naming the key that would allow the host. */
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

/** The name or address of an authority, without its port; `undefined` when it is malformed. */
export function hostOf(authority: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(authority ?? '') ?? [];
  const name = (bracketed ?? plain)?.toLowerCase();
  return name?.endsWith('.') ? name.slice(0, -1) : name;
}

/** The local address of the request; IPv4 as IPv4 when the port listens on both. */
function localAddress({ socket }: IncomingMessage): string | undefined {
  return socket.localAddress?.toLowerCase().replace(/^::ffff:(?=[\d.]+$)/, '');
}
