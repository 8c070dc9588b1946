import { constants } from 'node:http2';
import type { StatusError } from '../../status/status-error.js';
import type { CallStream } from './call-environment.js';

/**
 * Ends a stream whose answer the transport has refused, past grpc-js, which takes it for sent: with the status where no
 * headers went out, else with a reset that every gRPC library reads as INTERNAL.
 */
export function endBrokenStream(stream: CallStream | undefined, { code, message }: StatusError): void {
  if (!stream || stream.destroyed) return;
  try {
    if (!stream.headersSent) {
      const headers = {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': code,
        'grpc-message': encodeURI(message),
      };
      stream.respond?.(headers, { endStream: true });
      return;
    }
  } catch {
    // What is left is to say that it will not be answered.
  }
  stream.close?.(constants.NGHTTP2_INTERNAL_ERROR);
}
