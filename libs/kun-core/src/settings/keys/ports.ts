import { key, part, type PortOverrides } from '../declare.js';
import { section } from '../section.js';
import { address, port } from '../values.js';

/** A port to open. */
export interface OpenPort {
  readonly port: number;
  /** `undefined` for all interfaces. */
  readonly address: string | undefined;
}

/** Port of probes and metrics, under kunapp's key. */
export const adminPort = part(port(0).default(8081), {
  description: 'Port of the probes and metrics; 0: no admin port is opened',
  unit: 'port',
  reload: 'restart',
});

/** The section `HTTPServer`: the service's own HTTP routes. */
export const httpServer = section(undefined, {
  Port: key('port', port(0).default(0), {
    description: "Port of the service's own HTTP controllers; 0: no HTTP port is opened",
    unit: 'port',
    reload: 'restart',
  }),
  Address: key('address', address().optional(), {
    description: 'Address the HTTP server listens on. Default: all interfaces, IPv6 and IPv4',
    reload: 'restart',
  }),
});

/** An override always opens a port, even 0; in the file 0 means off. */
export function openPort(
  override: PortOverrides[keyof PortOverrides],
  configured: number,
  listen: string | undefined,
): OpenPort | undefined {
  if (override !== undefined) return { port: override, address: listen };
  return configured === 0 ? undefined : { port: configured, address: listen };
}
