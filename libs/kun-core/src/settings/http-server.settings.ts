import { z } from 'zod';
import { address, port, setting } from './setting.js';

/** The section `HTTPServer`: the service's own HTTP routes. */
export const httpServerSettings = z.strictObject({
  Port: setting(port(0).default(0), {
    description: "Port of the service's own HTTP controllers; 0: no HTTP port is opened",
    unit: 'port',
    reload: 'restart',
  }),
  Address: setting(address().optional(), {
    description: 'Address the HTTP server listens on. Default: all interfaces, IPv6 and IPv4',
    reload: 'restart',
  }),
});

/** The section `HTTPServer` as validated. */
export type HttpServerSettings = z.output<typeof httpServerSettings>;
