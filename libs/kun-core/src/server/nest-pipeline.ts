import { Metadata } from '@grpc/grpc-js';
import type { INestMicroservice } from '@nestjs/common';
import { isObservable, Observable } from 'rxjs';
import { currentCall } from '../rpc/current-call.js';
import { HandlerCall } from './handler-call.js';
import { carriesNoType } from './message-types.js';
import { RequestStream } from './request-stream.js';
import { forPipeline } from './response-observable.js';
import { ServerCall } from './server-call.js';
import { StreamCall } from './stream-call.js';

/** The installed Nest has not the parts that are looked for; see {@link carryStreams}. */
export class NestPipelineError extends Error {
  override readonly name = 'NestPipelineError';
}

/** What a pipe is told of the parameter. */
interface ParameterMetadata {
  readonly metatype?: unknown;
}

type ApplyPipes = (value: unknown, metadata: ParameterMetadata, pipes: unknown[]) => Promise<unknown>;
type Intercept = (
  interceptors: unknown[],
  args: unknown[],
  instance: unknown,
  callback: unknown,
  next: () => Promise<unknown>,
  type: unknown,
) => Promise<unknown>;

/** The part of Nest's `RpcContextCreator` that runs pipes and interceptors; looked up for each call. */
export interface NestPipeline {
  pipesConsumer: { apply: ApplyPipes };
  interceptorsConsumer: { intercept: Intercept };
  /** Finds the pipes of a handler: global, the controller's, the method's. */
  readonly pipesContextCreator?: {
    create(instance: unknown, callback: unknown, moduleKey: string): readonly unknown[];
  };
}

/**
 * Lets Nest's pipeline see streams message by message, which it has no form for (Nest 12):
 *
 * - Pipes are given each message of a request stream, and not the stream.
 * - Interceptors and filters are given what a generator or a list yields, and not the generator.
 * - The call, its metadata and its stream are never taken for data of a type, which validation would copy or strip.
 *
 * Nest has no public place for that; its two consumers are replaced in this one microservice.
 *
 * @throws {NestPipelineError} when Nest has changed its parts.
 */
export function carryStreams(microservice: INestMicroservice): NestPipeline {
  const pipeline = (microservice as unknown as NestMicroserviceParts).microservicesModule?.listenersController
    ?.contextCreator;
  const { pipesConsumer: pipes, interceptorsConsumer: interceptors } = pipeline ?? {};
  if (!pipeline || typeof pipes?.apply !== 'function' || typeof interceptors?.intercept !== 'function') {
    throw new NestPipelineError(
      'the installed @nestjs/microservices is built differently from what this version of @kun/core knows; install a version that its peerDependencies name',
    );
  }
  pipeline.pipesConsumer = { apply: messagePipes(pipes.apply.bind(pipes)) };
  pipeline.interceptorsConsumer = {
    intercept: messageInterceptors(interceptors.intercept.bind(interceptors)),
  };
  return pipeline;
}

function messagePipes(apply: ApplyPipes): ApplyPipes {
  return function applyPipes(value, metadata, pipes) {
    if (value instanceof RequestStream) {
      const each = carriesNoType(metadata.metatype) ? { ...metadata, metatype: undefined } : metadata;
      return Promise.resolve(value.through((message) => apply(message, each, pipes)));
    }
    return apply(value, isPartOfCall(value) ? { ...metadata, metatype: undefined } : metadata, pipes);
  };
}

function isPartOfCall(value: unknown): boolean {
  return (
    value instanceof HandlerCall ||
    value instanceof Metadata ||
    value instanceof StreamCall ||
    typeof value === 'function'
  );
}

function messageInterceptors(intercept: Intercept): Intercept {
  return function interceptCall(interceptors, args, instance, callback, next, type) {
    const call = currentCall();
    const adapted =
      call instanceof ServerCall && call.bound?.style === 'message' ? answering(call, next) : next;
    return intercept(interceptors, args, instance, callback, adapted, type);
  };
}

/** The handler, whose answer comes in a form that the pipeline sees through. */
function answering(call: ServerCall, next: () => Promise<unknown>): () => Promise<unknown> {
  const adapt = (result: unknown) => forPipeline(result, call);
  if (!call.method.requestStream) return () => next().then(adapt);
  return () => {
    const failed = new Promise<never>((_resolve, reject) => call.onRequestFailure(reject));
    failed.catch(() => undefined);
    return Promise.race([next().then(adapt), failed]).then((result) =>
      isObservable(result) ? failingWith(failed, result) : result,
    );
  };
}

/** Filters hear of a failed request though its handler does not. */
function failingWith(failed: Promise<never>, answer: Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    failed.catch((error: unknown) => subscriber.error(error));
    return answer.subscribe(subscriber);
  });
}

/** Private to Nest's own packages. */
interface NestMicroserviceParts {
  readonly microservicesModule?: {
    readonly listenersController?: { readonly contextCreator?: NestPipeline };
  };
}
