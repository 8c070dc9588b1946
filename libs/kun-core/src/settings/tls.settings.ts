import { z } from 'zod';
import { setting } from './setting.js';

/** The section `TLS` of `GRPCDial` and of an upstream. All of it may be absent: TLS with the authorities Node trusts. */
export const clientTlsKeys = {
  CA: setting(file().optional(), {
    description: 'PEM file of the authorities an upstream must come from. Default: those that Node trusts',
    reload: 'restart',
  }),
  Cert: setting(file().optional(), {
    description: 'PEM file of the certificate shown to upstreams that ask for one; with Key',
    reload: 'restart',
  }),
  Key: setting(file().optional(), {
    description: 'PEM file of the private key of Cert',
    reload: 'restart',
  }),
  ServerName: setting(z.string().min(1).optional(), {
    description: "The name that the upstream's certificate must have. Default: the host of its target",
    reload: 'restart',
  }),
};

/** The section `GRPCServer.TLS`. */
export const serverTlsSettings = z.strictObject({
  Cert: setting(file(), {
    description: "PEM file of the server's certificate, and after it those between it and the authority",
    reload: 'restart',
  }),
  Key: setting(file(), { description: 'PEM file of the private key of Cert', reload: 'restart' }),
  ClientCA: setting(file().optional(), {
    description: 'PEM file of the authorities callers must come from: mutual TLS. Default: callers show none',
    reload: 'restart',
  }),
});

/** The client's side as validated. */
export type ClientTlsSettings = z.output<z.ZodObject<typeof clientTlsKeys>>;

/** The server's side as validated. */
export type ServerTlsSettings = z.output<typeof serverTlsSettings>;

/** Where the PEM files of one side of a connection lie. */
export interface ResolvedTlsFiles {
  readonly certificateFile: string | undefined;
  readonly privateKeyFile: string | undefined;
  /** The authorities of the peers' certificates. */
  readonly authorityFile: string | undefined;
}

/** How connections to an upstream are encrypted. */
export interface ResolvedClientTls extends ResolvedTlsFiles {
  readonly serverName: string | undefined;
}

/** How the server encrypts. */
export interface ResolvedServerTls extends ResolvedTlsFiles {
  /** `required` is mutual TLS. */
  readonly clientCertificates: 'none' | 'required';
}

export function resolveClientTls(section: ClientTlsSettings): ResolvedClientTls {
  return {
    certificateFile: section.Cert,
    privateKeyFile: section.Key,
    authorityFile: section.CA,
    serverName: section.ServerName,
  };
}

export function resolveServerTls(section: ServerTlsSettings): ResolvedServerTls {
  return {
    certificateFile: section.Cert,
    privateKeyFile: section.Key,
    authorityFile: section.ClientCA,
    clientCertificates: section.ClientCA === undefined ? 'none' : 'required',
  };
}

function file(): z.ZodString {
  return z.string({ error: 'expected the path of a PEM file' }).min(1, {
    error: 'expected the path of a PEM file',
  });
}
