import type { Metadata } from '@grpc/grpc-js';

/** gRPC's compression algorithms, indexed by their number in grpc-js; `identity` means no compression. */
export const COMPRESSION_ALGORITHMS = ['identity', 'deflate', 'gzip'] as const;

/** One of {@link COMPRESSION_ALGORITHMS}. */
export type CompressionAlgorithm = (typeof COMPRESSION_ALGORITHMS)[number];

/** What gRPC's C core reads in the headers of an answer (`GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY`). */
const ENCODING_REQUEST = 'grpc-internal-encoding-request';

/** Takes the algorithm that is asked for out of the headers of an answer. */
export function takeEncodingRequest(headers: Metadata): CompressionAlgorithm | undefined {
  const [asked] = headers.get(ENCODING_REQUEST);
  const algorithm = COMPRESSION_ALGORITHMS.find((each) => each === asked);
  if (algorithm !== undefined) headers.remove(ENCODING_REQUEST);
  return algorithm;
}
