import { currentCall } from '../../rpc/current-call.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import { COMPRESSION_ALGORITHMS, type CompressionAlgorithm } from '../../transport/compression.js';
import { ServerCall } from './server-call.js';

/**
 * Sets the compression of one response's messages, overriding `GRPCServer.DefaultCompressionAlgorithm`; by default of
 * the call that the running code belongs to. Messages below 1 KiB, and those to callers that do not accept the
 * algorithm, are sent uncompressed. No effect once headers were sent.
 *
 * @throws {TypeError} for an unknown algorithm, outside a server call, and when `GRPCServer.Engine` is `grpc-js`, which
 * does not compress responses.
 */
export function compressResponse(
  algorithm: CompressionAlgorithm,
  call: RpcCall | undefined = currentCall(),
): void {
  if (!COMPRESSION_ALGORITHMS.includes(algorithm)) {
    throw new TypeError(
      `compressResponse: unknown algorithm ${JSON.stringify(algorithm)}; choose from ${COMPRESSION_ALGORITHMS.join(', ')}`,
    );
  }
  if (!(call instanceof ServerCall)) {
    throw new TypeError('compressResponse needs a server call: use it in a handler, or pass it the call');
  }
  if (!call.wire.compresses && algorithm !== 'identity') {
    throw new TypeError(
      'compressResponse: the engine grpc-js does not compress responses; set GRPCServer.Engine to kun',
    );
  }
  call.compression = algorithm;
}
