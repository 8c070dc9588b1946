import { currentCall } from '../../rpc/current-call.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import { COMPRESSION_ALGORITHMS, type CompressionAlgorithm } from '../../transport/compression.js';
import { ServerCall } from './server-call.js';

/**
 * Says how the messages of one answer are compressed, whatever `GRPCServer.DefaultCompressionAlgorithm` says of all; by
 * default the answer to the call that the running code works for. Messages below 1 KiB, and those to callers that do not
 * accept the algorithm, go out as they are. Without effect once headers went out.
 *
 * @throws {TypeError} when there is no such algorithm, outside of a call of the server, and where `GRPCServer.Engine` is
 * `grpc-js`, which compresses no answer.
 */
export function compressResponse(
  algorithm: CompressionAlgorithm,
  call: RpcCall | undefined = currentCall(),
): void {
  if (!COMPRESSION_ALGORITHMS.includes(algorithm)) {
    throw new TypeError(
      `compressResponse: there is no algorithm ${JSON.stringify(algorithm)}; choose from ${COMPRESSION_ALGORITHMS.join(', ')}`,
    );
  }
  if (!(call instanceof ServerCall)) {
    throw new TypeError(
      'compressResponse wants a call of the server: say it in a handler, or give it the call',
    );
  }
  if (!call.wire.compresses && algorithm !== 'identity') {
    throw new TypeError(
      'compressResponse: the engine grpc-js compresses no answer; set GRPCServer.Engine to kun',
    );
  }
  call.compression = algorithm;
}
