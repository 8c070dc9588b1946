import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import type { ContenderSettings } from './contender-process.js';

/** The credentials of grpc-js' servers. */
export function credentialsOf(tls: ContenderSettings['tls']): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [
    { cert_chain: readFileSync(tls.certPath), private_key: readFileSync(tls.keyPath) },
  ]);
}
