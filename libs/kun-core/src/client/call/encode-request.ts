import { status as Code } from '@grpc/grpc-js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { StatusError } from '../../status/status-error.js';
import type { Upstream } from '../../status/upstream-policy.js';

/**
 * A request as bytes, made before anything is sent; or INTERNAL when the message does not fit the proto: which field, says
 * its cause. For whoever called the handler that made the request it is an error of the upstream, which shows nothing.
 */
export function encodeRequest(
  encode: (message: unknown) => Buffer,
  message: unknown,
  method: RpcMethod,
  upstream: Upstream,
): Buffer | StatusError {
  try {
    return encode(message);
  } catch (cause) {
    return new StatusError(Code.INTERNAL, `the request of ${method.path} does not fit its proto`, {
      cause,
      upstream,
    });
  }
}
