import {
  status as Code,
  type sendUnaryData,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { currentCall } from '../../rpc/current-call.js';
import { describeMethod } from '../../rpc/rpc-method.js';
import { isErrorCode } from '../../status/code.js';
import { fieldOf, textOf } from '../../status/details/field-of.js';
import { StatusError } from '../../status/status-error.js';
import type { BoundMethod, NestHandler } from '../call/bound-method.js';
import type { ServerCall } from '../call/server-call.js';
import { isMetadata } from './handler-stream.js';

/** A service in the form that grpc-js' `addService` takes. */
export interface ServiceImplementation {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

type Implementation = (...args: unknown[]) => unknown;

/** Adds a service written for grpc-js rather than Nest. Methods are keyed by path; existing entries are kept. */
export function bindService(methods: Map<string, BoundMethod>, service: ServiceImplementation): void {
  for (const [name, rpc] of Object.entries(service.definition)) {
    if (methods.has(rpc.path)) continue;
    const implementation = implementationOf(service, name, rpc);
    if (!implementation) throw new TypeError(`the implementation of ${rpc.path} is missing`);
    const method = describeMethod(rpc.path, rpc);
    const single = !method.requestStream && !method.responseStream;
    const run = implementation.bind(service.implementation) as unknown as Implementation;
    methods.set(rpc.path, {
      method,
      codec: {
        deserializeRequest: rpc.requestDeserialize as (bytes: Buffer) => unknown,
        serializeResponse: rpc.responseSerialize as (message: unknown) => Buffer,
      },
      style: single ? 'message' : 'call',
      handler: single ? answeredByCallback(run) : async (...args) => void (await run(...args)),
      emptyResponse: false,
      readError: errorOfGrpcJs,
    });
  }
}

/** Finds the implementation of a method of the definition by the same rules as grpc-js. */
export function implementationOf(
  { implementation }: ServiceImplementation,
  name: string,
  { originalName }: ServiceDefinition[string],
): UntypedServiceImplementation[string] | undefined {
  return implementation[name] ?? (originalName === undefined ? undefined : implementation[originalName]);
}

/**
 * A handler that returns what the implementation passes to its callback, or throws what it throws. An implementation
 * that knows the caller has left need not call back; then only its returned promise is awaited.
 */
function answeredByCallback(implementation: Implementation): NestHandler {
  return (_request, _metadata, surface) =>
    new Promise((resolve, reject) => {
      const call = currentCall() as ServerCall;
      const callback: sendUnaryData<unknown> = (error, message, trailers) => {
        if (trailers) call.responseTrailers.merge(trailers);
        if (error) reject(errorOfGrpcJs(error));
        else resolve(message);
      };
      const returned = Promise.resolve(implementation(surface, callback));
      returned.catch(reject);
      const done = (): void => call.handlerDone();
      call.onAbandoned(() => void returned.then(done, done));
    });
}

/**
 * Interprets an error passed to a callback or emitted as `error` the way grpc-js does: an object with a gRPC `code` is
 * that status, with `details` or else `message` as text. Anything else is an error not meant for the caller.
 */
function errorOfGrpcJs(error: unknown): unknown {
  const code = fieldOf(error, 'code');
  if (error instanceof StatusError || !isErrorCode(code)) return unspoken(error);
  const metadata = fieldOf(error, 'metadata');
  return new StatusError(code, textOf(error, 'details') || textOf(error, 'message'), {
    cause: error,
    ...(isMetadata(metadata) && { metadata }),
  });
}

/** grpc-js accepts any object as an error. */
function unspoken(error: unknown): unknown {
  if (error instanceof Error) return error;
  return new StatusError(Code.UNKNOWN, textOf(error, 'details') || textOf(error, 'message'), {
    cause: error,
  });
}
