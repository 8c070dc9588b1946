import type { DescMethod } from '@bufbuild/protobuf';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import type { HandlerOf } from './handlers.js';

/**
 * Makes a controller's method the handler of a protobuf-es RPC, whatever the method is called. It compiles only if the
 * method accepts the RPC's request and returns its response:
 *
 * ```ts
 * @Rpc(EchoService.method.echo)
 * echo({ message }: EchoRequest) { return { message }; }
 * ```
 *
 * It applies Nest's `@GrpcMethod` or `@GrpcStreamMethod`, depending on the RPC. For the duplex stream itself, use
 * Nest's `@GrpcStreamCall(EchoService.typeName, EchoService.method.chat.name)`.
 */
export function Rpc<Method extends DescMethod>(
  method: Method,
): <Handler extends HandlerOf<Method>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void {
  const { parent, name, methodKind: kind } = method;
  const decorator = kind === 'client_streaming' || kind === 'bidi_streaming' ? GrpcStreamMethod : GrpcMethod;
  return (target, key, descriptor) => decorator(parent.typeName, name)(target, key, descriptor);
}
