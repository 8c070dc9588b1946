import type { Interceptor } from '../rpc/interceptor.js';
import { REQUEST_ID_HEADER, requestIdFrom } from '../rpc/call-values.js';

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

/**
 * Sends the request id of the call that the running code works for along (`x-request-id`), or names a call that begins
 * here. A safe one that the caller put into the metadata by hand wins.
 */
export function outgoingRequestIdInterceptor(): Interceptor {
  return (next) => (call) => {
    const [given] = call.metadata.get(REQUEST_ID_HEADER);
    call.requestId = requestIdFrom(given ?? (call.requestId || undefined));
    call.metadata.set(REQUEST_ID_HEADER, call.requestId);
    return next(call);
  };
}
