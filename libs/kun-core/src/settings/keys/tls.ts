import { z } from 'zod';
import { key } from '../declare.js';
import { optionalSection } from '../section.js';

/** The keys of `TLS` in `GRPCDial` and in an upstream. All are optional: TLS with the CAs that Node trusts. */
export const clientTlsKeys = {
  CA: key('authorityFile', file().optional(), {
    description:
      "PEM file of the CAs that upstreams' certificates are verified against. Default: those that Node trusts",
    reload: 'restart',
  }),
  Cert: key('certificateFile', file().optional(), {
    description: 'PEM file of the client certificate for upstreams that request one; requires Key',
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

/** The section `GRPCServer.TLS`; `undefined` for plaintext. */
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
        "PEM file of the CAs that callers' certificates are verified against: mutual TLS. Default: no client certificates",
      reload: 'restart',
    }),
    RequireALPN: key('requireAlpn', z.boolean().default(true), {
      description:
        'Whether callers must negotiate h2 in the handshake (ALPN), as HTTP/2 requires. Turn off for load balancers that re-encrypt without ALPN, such as HAProxy without "alpn h2" and some of AWS',
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
