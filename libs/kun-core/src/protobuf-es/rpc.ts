import type { DescMethod } from '@bufbuild/protobuf';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import type { HandlerOf } from './handlers.js';

/**
 * Makes a method of a controller the handler of an RPC of protobuf-es, whatever the method is called; one that does not
 * take the RPC's request or give its response does not compile:
 *
 * ```ts
 * @Rpc(EchoService.method.echo)
 * echo({ message }: EchoRequest) { return { message }; }
 * ```
 *
 * It is Nest's `@GrpcMethod` or `@GrpcStreamMethod`, by whichever the RPC needs. For the duplex stream itself there is
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
