import { z } from 'zod';
import { key } from '../declare.js';
import { optionalSection } from '../section.js';

/** The keys of `TLS` in `GRPCDial` and in an upstream. All may be absent: TLS with the authorities Node trusts. */
export const clientTlsKeys = {
  CA: key('authorityFile', file().optional(), {
    description: 'PEM file of the authorities an upstream must come from. Default: those that Node trusts',
    reload: 'restart',
  }),
  Cert: key('certificateFile', file().optional(), {
    description: 'PEM file of the certificate shown to upstreams that ask for one; with Key',
    reload: 'restart',
  }),
  Key: key('privateKeyFile', file().optional(), {
    description: 'PEM file of the private key of Cert',
    reload: 'restart',
  }),
  ServerName: key('serverName', z.string().min(1).optional(), {
    description: "The name that the upstream's certificate must have. Default: the host of its target",
    reload: 'restart',
  }),
};

/** The section `TLS` of `GRPCDial`. */
export const clientTls = optionalSection(undefined, 'restart', clientTlsKeys);

/** The section `GRPCServer.TLS`; `undefined` for plain text. */
export const serverTls = optionalSection(
  'tls',
  'restart',
  {
    Cert: key('certificateFile', file(), {
      description: "PEM file of the server's certificate, followed by the intermediate certificates",
      reload: 'restart',
    }),
    Key: key('privateKeyFile', file(), {
      description: 'PEM file of the private key of Cert',
      reload: 'restart',
    }),
    ClientCA: key('authorityFile', file().optional(), {
      description:
        'PEM file of the authorities callers must come from: mutual TLS. Default: callers show none',
      reload: 'restart',
    }),
    RequireALPN: key('requireAlpn', z.boolean().default(true), {
      description:
        'Whether callers must agree on h2 in the handshake (ALPN), as HTTP/2 asks. Off for load balancers that end TLS and begin it anew without, as HAProxy does without "alpn h2", and some of AWS',
      reload: 'restart',
    }),
  },
  {
    /** `required` is mutual TLS. */
    clientCertificates: ({ ClientCA }): 'none' | 'required' => (ClientCA === undefined ? 'none' : 'required'),
  },
);

function file(): z.ZodString {
  const error = 'expected the path of a PEM file';
  return z.string({ error }).min(1, { error });
}
