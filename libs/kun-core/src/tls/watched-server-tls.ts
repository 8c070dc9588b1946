import { CertificateStore } from './certificate-store.js';
import type { CertificateFiles } from './certificates.js';
import type { ServerTlsOptions } from './server-tls.js';

/** The logger for certificate reloads. */
export interface CertificateLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * The TLS options of a server with these files, which are followed for changes.
 *
 * @throws {CertificateError} when they are unusable.
 */
export function watchedServerTls(
  files: CertificateFiles & {
    readonly clientCertificates: 'none' | 'required';
    readonly requireAlpn: boolean;
  },
  logger: CertificateLogger,
  onRefused: NonNullable<ServerTlsOptions['onRefused']>,
): ServerTlsOptions {
  const certificates = new CertificateStore({
    files,
    onReloaded: ({ own }) =>
      logger.info({ subject: own?.subject, valid_to: own?.validTo }, 'certificates reloaded'),
    onRefused: (err) => logger.warn({ err }, 'changed certificates cannot be used; the old ones stay'),
  }).start();
  return {
    certificates,
    clientCertificates: files.clientCertificates,
    requireAlpn: files.requireAlpn,
    onRefused,
  };
}
