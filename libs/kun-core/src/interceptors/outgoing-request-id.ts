import type { Interceptor } from '../rpc/interceptor.js';
import { REQUEST_ID_HEADER, requestIdFrom } from '../telemetry/request-id.js';

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
