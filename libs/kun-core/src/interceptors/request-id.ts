import type { Interceptor } from '../rpc/interceptor.js';
import { REQUEST_ID_HEADER, requestIdFrom } from '../telemetry/request-id.js';

/**
 * Names the call: takes the caller's `x-request-id` over when it is safe to repeat, makes one otherwise, and returns it
 * in the response's metadata, so that a caller can quote it. Log lines written from here on carry it.
 */
export function requestIdInterceptor(): Interceptor {
  return (next) => (call) => {
    call.requestId = requestIdFrom(call.metadata.get(REQUEST_ID_HEADER)[0]);
    call.responseMetadata.set(REQUEST_ID_HEADER, call.requestId);
    return next(call);
  };
}
