import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ExplainedError } from '@kun/config';

/** The PEM files of one side of a connection. */
export interface CertificateFiles {
  /** The certificate, followed by its intermediates. Together with {@link privateKeyFile}, or neither. */
  readonly certificateFile?: string | undefined;
  /** The certificate's private key, unencrypted. */
  readonly privateKeyFile?: string | undefined;
  /** The CAs that peers' certificates are verified against. Default: those that Node trusts */
  readonly authorityFile?: string | undefined;
}

/** Certificates that were read and match each other. */
export interface Certificates {
  readonly certificate: Buffer | undefined;
  readonly privateKey: Buffer | undefined;
  readonly authorities: Buffer | undefined;
  /** The certificate, parsed: subject, fingerprint, dates. */
  readonly own: X509Certificate | undefined;
}

/** Certificates are unusable; the message names the file and the problem. */
export class CertificateError extends ExplainedError {
  override readonly name = 'CertificateError';
}

/** The files' contents, unparsed; an error for a file that could not be read. */
export type CertificateContents = Readonly<Record<keyof CertificateFiles, Buffer | Error | undefined>>;

/** Reads the files synchronously: they are small, and should come from the same moment as nearly as possible. */
export function readCertificateFiles(files: CertificateFiles): CertificateContents {
  return {
    certificateFile: read(files.certificateFile),
    privateKeyFile: read(files.privateKeyFile),
    authorityFile: read(files.authorityFile),
  };
}

/**
 * Makes certificates of what was read, and checks that they can work: every certificate parses, the key is the own
 * certificate's, which has not expired at `nowMs` (milliseconds since the epoch).
 *
 * @throws {CertificateError} naming the file.
 */
export function parseCertificates(
  files: CertificateFiles,
  contents: CertificateContents,
  nowMs: number,
): Certificates {
  if ((files.certificateFile === undefined) !== (files.privateKeyFile === undefined)) {
    const [has, lacks] = files.certificateFile
      ? ['certificate', 'private key']
      : ['private key', 'certificate'];
    throw new CertificateError(
      `there is a ${has} (${files.certificateFile ?? files.privateKeyFile}) without its ${lacks}; name both files or neither`,
    );
  }
  const certificate = content(files.certificateFile, contents.certificateFile);
  const privateKey = content(files.privateKeyFile, contents.privateKeyFile);
  const authorities = content(files.authorityFile, contents.authorityFile);
  if (authorities) parseChain(files.authorityFile, authorities);
  const own = certificate && parseChain(files.certificateFile, certificate)[0];
  if (own && privateKey) {
    if (!own.checkPrivateKey(parseKey(files.privateKeyFile, privateKey))) {
      throw new CertificateError(
        `${files.privateKeyFile} is not the private key of the certificate in ${files.certificateFile} (${oneLine(own.subject)}); replace both together`,
      );
    }
    if (own.validToDate.getTime() <= nowMs) {
      throw new CertificateError(
        `the certificate in ${files.certificateFile} (${oneLine(own.subject)}) expired at ${own.validToDate.toISOString()}; issue a new one`,
      );
    }
  }
  return { certificate, privateKey, authorities, own };
}

function read(file: string | undefined): Buffer | Error | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    return error as Error;
  }
}

function content(file: string | undefined, found: Buffer | Error | undefined): Buffer | undefined {
  if (!(found instanceof Error)) return found;
  throw new CertificateError(`${file} cannot be read: ${found.message}`, { cause: found });
}

/** OpenSSL skips what it cannot parse, so a damaged bundle would show only when a peer is refused. */
function parseChain(file: string | undefined, pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END/g);
  if (!blocks)
    throw new CertificateError(`${file} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(`${block} CERTIFICATE-----\n`);
    } catch (cause) {
      throw new CertificateError(
        `certificate ${index + 1} in ${file} cannot be parsed; write the file anew`,
        {
          cause,
        },
      );
    }
  });
}

/** The cause is omitted: it must not leak any part of a key into a log. */
function parseKey(file: string | undefined, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CertificateError(`${file} holds no private key in PEM that can be used without a password`);
  }
}

function oneLine(subject: string): string {
  return subject.replaceAll('\n', ', ');
}
