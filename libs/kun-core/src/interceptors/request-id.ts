import type { Interceptor } from '../rpc/interceptor.js';
import { REQUEST_ID_HEADER, requestIdFrom } from '../rpc/call-values.js';
import { ObservedCall } from '../rpc/observed-call.js';

/**
 * Assigns the request id: takes over the caller's `x-request-id` if it is safe to repeat, else generates one, and
 * returns it in the response metadata so that callers can quote it. Log lines written from here on carry it.
 */
export function requestIdInterceptor(): Interceptor {
  return (next) => (call) => {
    call.requestId = requestIdFrom(call.metadata.get(REQUEST_ID_HEADER)[0]);
    // An answer that has no other metadata needs no object for this.
    if (call instanceof ObservedCall) call.returnedRequestId = call.requestId;
    else call.responseMetadata.set(REQUEST_ID_HEADER, call.requestId);
    return next(call);
  };
}

/**
 * Sends the request id of the current call (`x-request-id`), or generates one for a call that begins here. A valid id
 * that the caller put into the metadata takes precedence.
 */
export function outgoingRequestIdInterceptor(): Interceptor {
  return (next) => (call) => {
    const [given] = call.metadata.get(REQUEST_ID_HEADER);
    call.requestId = requestIdFrom(given ?? (call.requestId || undefined));
    call.metadata.set(REQUEST_ID_HEADER, call.requestId);
    return next(call);
  };
}
