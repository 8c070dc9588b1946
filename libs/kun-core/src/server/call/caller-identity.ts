import { currentCall } from '../../rpc/current-call.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import { PeerIdentities, type PeerIdentity } from '../../tls/peer-identity.js';
import { ServerCall } from './server-call.js';

// Remembers by the connection, which a certificate belongs to; forgotten with it.
const identities = new PeerIdentities();

/**
 * Who made the call, by the certificate shown under mutual TLS (`GRPCServer.TLS.ClientCA`); default: the call that the
 * running code works for. `undefined` where the connection is not encrypted or its caller showed none, outside of a call,
 * and once the connection is gone: ask before the first `await`.
 */
export function callerIdentity(call: RpcCall | undefined = currentCall()): PeerIdentity | undefined {
  if (!(call instanceof ServerCall)) return undefined;
  return identities.of(call.wire.socket);
}
