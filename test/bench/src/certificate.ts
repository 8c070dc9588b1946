import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 injects by it
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { ContenderSettings } from './contender-process.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** A certificate for 127.0.0.1 that vouches for itself, and its key: both as files of a directory. */
export async function certificateIn(
  directory: string,
): Promise<{ files: NonNullable<ContenderSettings['tls']>; authority: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=bench',
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      new x509.BasicConstraintsExtension(true, undefined, true),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const files = { certPath: join(directory, 'tls.crt'), keyPath: join(directory, 'tls.key') };
  const authority = certificate.toString('pem');
  writeFileSync(files.certPath, authority);
  writeFileSync(files.keyPath, x509.PemConverter.encode(key, 'PRIVATE KEY'), { mode: 0o600 });
  return { files, authority };
}
