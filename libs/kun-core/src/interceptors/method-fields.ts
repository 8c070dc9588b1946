import type { RpcMethod } from '../rpc/rpc-method.js';

/** The fields that all lines about calls of a method have, named as in go-grpc-middleware v2. */
export function methodFields(method: RpcMethod, side: 'server' | 'client'): Record<string, string> {
  return {
    protocol: 'grpc',
    'grpc.component': side,
    'grpc.service': method.service,
    'grpc.method': method.name,
    'grpc.method_type': method.typeLabel,
  };
}
