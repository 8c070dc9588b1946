import { webcrypto } from 'node:crypto';
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 injects by it
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** A certificate and its key, in PEM. */
export interface TestPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** An authority that issues certificates for one test. */
export interface TestAuthority {
  readonly certificate: string;
  issue(commonName: string, options?: { sans?: x509.JsonGeneralNames; expiresAt?: Date }): Promise<TestPair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** Makes an authority of its own key. */
export async function testAuthority(name = 'test authority'): Promise<TestAuthority> {
  const keys = await newKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: authority.toString('pem'),
    async issue(commonName, { sans, expiresAt } = {}) {
      const own = await newKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${commonName}`,
        issuer: authority.subject,
        notBefore: new Date(Date.now() - 2 * DAY_MS),
        notAfter: expiresAt ?? new Date(Date.now() + 10 * DAY_MS),
        signingAlgorithm: ALGORITHM,
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            sans ?? [
              { type: 'dns', value: 'localhost' },
              { type: 'ip', value: '127.0.0.1' },
            ],
          ),
        ],
      });
      return { certificate: certificate.toString('pem'), privateKey: await toPem(own.privateKey) };
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function toPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}
