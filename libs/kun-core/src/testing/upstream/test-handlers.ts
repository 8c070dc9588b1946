import { status as Code } from '@grpc/grpc-js';
import { GrpcMethodStreamingType, type MessageHandler } from '@nestjs/microservices';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import { describeMethod } from '../../rpc/rpc-method.js';
import { StatusError } from '../../status/status-error.js';
import { TestServiceError } from '../service/testing-application.js';

/** A service's handlers by method name, in lower camel case as in generated code. */
export type TestHandlers = object;

/**
 * Converts a test's handlers to the form of Nest's own; methods without a handler answer UNIMPLEMENTED.
 *
 * @throws {TestServiceError} for a handler without a method.
 */
export function handlersOf(
  service: string,
  definition: ServiceDefinition,
  handlers: TestHandlers,
): Map<string, MessageHandler> {
  const left = new Set(Object.keys(handlers));
  const found = Object.values(definition).map((rpc) => {
    const { name } = describeMethod(rpc.path, rpc);
    const own = name.charAt(0).toLowerCase() + name.slice(1);
    left.delete(own);
    const handler: unknown = Reflect.get(handlers, own) ?? unimplemented(rpc.path);
    const streaming = rpc.requestStream
      ? GrpcMethodStreamingType.RX_STREAMING
      : GrpcMethodStreamingType.NO_STREAMING;
    // Like Nest's pipeline, always returns a promise.
    const piped = async (...args: unknown[]): Promise<unknown> =>
      (handler as (...all: unknown[]) => unknown).apply(handlers, args);
    return [JSON.stringify({ service, rpc: name, streaming }), piped] as const;
  });
  if (left.size === 0) return new Map(found);
  throw new TestServiceError(
    `${service} has no method ${[...left].join(', ')}; it has ${found.map(([pattern]) => (JSON.parse(pattern) as { rpc: string }).rpc).join(', ')}`,
  );
}

function unimplemented(path: string) {
  return () => {
    throw new StatusError(Code.UNIMPLEMENTED, `the test has no handler of ${path}`);
  };
}
