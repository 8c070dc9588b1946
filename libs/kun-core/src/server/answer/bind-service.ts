import type { sendUnaryData, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { currentCall } from '../../rpc/current-call.js';
import { describeMethod } from '../../rpc/rpc-method.js';
import { filterAnswer } from '../../status/thrown/nest-error.js';
import type { BoundMethod, NestHandler } from '../call/bound-method.js';
import { ServerCall } from '../call/server-call.js';

/** A service as grpc-js' `addService` takes it. */
export interface ServiceImplementation {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

type Implementation = (...args: unknown[]) => unknown;

/** Adds a service that is written for grpc-js, and not for Nest, to what is served. The methods go by their paths. */
export function bindService(
  methods: Map<string, BoundMethod>,
  { definition, implementation }: ServiceImplementation,
): void {
  for (const [name, rpc] of Object.entries(definition)) {
    const handler = implementation[name] ?? implementation[rpc.originalName ?? name];
    if (!handler) throw new TypeError(`the implementation of ${rpc.path} is missing`);
    const method = describeMethod(rpc.path, rpc);
    const single = !method.requestStream && !method.responseStream;
    const run = handler.bind(implementation) as unknown as Implementation;
    methods.set(rpc.path, {
      method,
      codec: {
        deserializeRequest: rpc.requestDeserialize as (bytes: Buffer) => unknown,
        serializeResponse: rpc.responseSerialize as (message: unknown) => Buffer,
      },
      style: single ? 'message' : 'call',
      handler: single ? answeredByCallback(run) : async (...args) => run(...args),
      emptyResponse: true,
    });
  }
}

/** A handler that returns what the implementation gives to its callback. */
function answeredByCallback(implementation: Implementation): NestHandler {
  return (_request, _metadata, surface) =>
    new Promise((resolve, reject) => {
      const call = currentCall();
      const callback: sendUnaryData<unknown> = (error, message, trailers) => {
        if (trailers && call instanceof ServerCall) call.responseTrailers.merge(trailers);
        if (error) reject(filterAnswer(error, undefined));
        else resolve(message);
      };
      implementation(surface, callback);
    });
}
