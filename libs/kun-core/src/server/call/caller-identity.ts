import { currentCall } from '../../rpc/current-call.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import { PeerIdentities, type PeerIdentity } from '../../tls/peer-identity.js';
import { ServerCall } from './server-call.js';

// Cached per connection, because a certificate belongs to a connection.
const identities = new PeerIdentities();

/**
 * Returns the identity of the caller from its mutual TLS certificate (`GRPCServer.TLS.ClientCA`); by default of the
 * call that the running code belongs to. Returns `undefined` if the connection is not encrypted, the caller presented
 * no certificate, there is no call, or the connection is gone: read it before the first `await`.
 */
export function callerIdentity(call: RpcCall | undefined = currentCall()): PeerIdentity | undefined {
  if (!(call instanceof ServerCall)) return undefined;
  return identities.of(call.wire.socket);
}
