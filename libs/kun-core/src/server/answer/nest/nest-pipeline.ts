import { ExplainedError } from '@kun/config';
import { Metadata } from '@grpc/grpc-js';
import type { INestMicroservice } from '@nestjs/common';
import { catchError, isObservable, Observable, throwError, type Subscriber, type TeardownLogic } from 'rxjs';
import { currentCall } from '../../../rpc/current-call.js';
import { filterAnswer } from '../../../status/thrown/nest-error.js';
import { markRequestFailure } from '../../../status/thrown/validation.js';
import { HandlerSurface } from '../../call/handler-surface.js';
import { type ErrorListener, ServerCall } from '../../call/server-call.js';
import { RequestStream } from '../request-stream.js';
import { forPipeline } from '../respond.js';
import { HandlerStream } from '../handler-stream.js';
import { carriesNoType } from './message-types.js';

/** The installed Nest lacks the internals that kun relies on; see {@link carryStreams}. */
export class NestPipelineError extends ExplainedError {
  override readonly name = 'NestPipelineError';
}

/** What a pipe is told about the parameter. */
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

type HandleError = (handler: unknown, args: unknown[], error: unknown, report: boolean) => unknown;

/** The part of Nest's `RpcContextCreator` that runs pipes and interceptors; looked up on each call. */
export interface NestPipeline {
  pipesConsumer: { apply: ApplyPipes };
  interceptorsConsumer: { intercept: Intercept };
  /** Runs the filters. */
  readonly rpcProxy: { handleError: HandleError };
  /** Finds the pipes of a handler: global, controller and method pipes. */
  readonly pipesContextCreator?: {
    create(instance: unknown, callback: unknown, moduleKey: string): readonly unknown[];
  };
}

/**
 * Makes Nest's pipeline handle streams message by message, which Nest 12 cannot do:
 *
 * - Pipes receive each message of a request stream, not the stream.
 * - Interceptors and filters receive what a generator or an array yields, not the generator.
 * - An error thrown by a pipe is attributed to the request, and the result of a filter is meant for the caller.
 * - The call, its metadata and its stream are never treated as typed data, which validation would copy or strip.
 *
 * Nest has no public API for this, so its consumers are replaced in this one microservice.
 *
 * @throws {NestPipelineError} when Nest has changed its internals.
 */
export function carryStreams(microservice: INestMicroservice): NestPipeline {
  const pipeline = (microservice as unknown as NestMicroserviceParts).microservicesModule?.listenersController
    ?.contextCreator;
  const { pipesConsumer: pipes, interceptorsConsumer: interceptors, rpcProxy: filters } = pipeline ?? {};
  const parts = [pipes?.apply, interceptors?.intercept, filters?.handleError];
  if (!pipeline || !pipes || !interceptors || !filters || parts.some((part) => typeof part !== 'function')) {
    throw new NestPipelineError(
      'the internals of the installed @nestjs/microservices are unknown to this version of @kun/core; install a version within its peerDependencies',
    );
  }
  pipeline.pipesConsumer = { apply: messagePipes(pipes.apply.bind(pipes)) };
  pipeline.interceptorsConsumer = {
    intercept: messageInterceptors(interceptors.intercept.bind(interceptors)),
  };
  filters.handleError = answersOfFilters(filters.handleError.bind(filters));
  return pipeline;
}

function messagePipes(run: ApplyPipes): ApplyPipes {
  const apply: ApplyPipes = (value, metadata, pipes) =>
    run(value, metadata, pipes).catch((error: unknown) => {
      markRequestFailure(error);
      throw error;
    });
  return function applyPipes(value, metadata, pipes) {
    if (value instanceof RequestStream) {
      const each = carriesNoType(metadata.metatype) ? { ...metadata, metatype: undefined } : metadata;
      return Promise.resolve(value.through((message) => apply(message, each, pipes)));
    }
    return apply(value, isPartOfCall(value) ? { ...metadata, metatype: undefined } : metadata, pipes);
  };
}

function answersOfFilters(handleError: HandleError): HandleError {
  return function askFilters(handler, args, error, report) {
    const answer = handleError(handler, args, error, report);
    if (!isObservable(answer)) return answer;
    return answer.pipe(catchError((said: unknown) => throwError(() => filterAnswer(said, error))));
  };
}

function isPartOfCall(value: unknown): boolean {
  return (
    value instanceof HandlerSurface ||
    value instanceof Metadata ||
    value instanceof HandlerStream ||
    typeof value === 'function'
  );
}

function messageInterceptors(intercept: Intercept): Intercept {
  return function interceptCall(interceptors, args, instance, callback, next, type) {
    const call = currentCall();
    // As in Nest, with fewer promises.
    const intercepted = interceptors.length > 0;
    let adapted = next;
    if (call instanceof ServerCall && call.bound?.style === 'message') {
      const { check } = call.bound;
      if (check) args[0] = checkedRequest(check, args[0], call);
      adapted = answering(call, next, intercepted);
    }
    return intercepted ? intercept(interceptors, args, instance, callback, adapted, type) : adapted();
  };
}

/** Checks the request, or its messages as they arrive, after the guards and before everything else. */
function checkedRequest(check: (message: unknown) => void, request: unknown, call: ServerCall): unknown {
  if (request instanceof RequestStream) {
    return request.through((message) => {
      check(message);
      return message;
    });
  }
  check(call.forHandler.request);
  return request;
}

/** The handler, with its result in a form that the pipeline can look into. */
function answering(
  call: ServerCall,
  next: () => Promise<unknown>,
  intercepted: boolean,
): () => Promise<unknown> {
  if (!call.method.requestStream)
    return () => next().then((result) => handed(forPipeline(result, call, intercepted), call, intercepted));
  return () =>
    new Promise((resolve, reject) => {
      const failure = new RequestFailure({ error: reject });
      call.onRequestFailure(failure);
      next()
        .then((result) => {
          const answer = forPipeline(result, call, intercepted);
          const failing = isObservable(answer) ? new FailingAnswer(answer, failure) : answer;
          resolve(handed(failing, call, intercepted));
        })
        .catch(reject);
    });
}

/** Remembers on the call a response whose messages the pipeline need not see. */
function handed(answer: unknown, call: ServerCall, intercepted: boolean): unknown {
  if (!intercepted && call.method.responseStream && isObservable(answer)) call.handed = answer;
  return answer;
}

/** A failure of the request stream that the handler does not handle; reported to the response, or kept until there is one. */
class RequestFailure implements ErrorListener {
  private told: { readonly error: unknown } | undefined;

  constructor(private listener: ErrorListener) {}

  error(error: unknown): void {
    if (this.told) return;
    this.told = { error };
    this.listener.error(error);
  }

  /** Replaces the listener, and tells the new one at once if the failure has happened. */
  passTo(listener: ErrorListener): void {
    this.listener = listener;
    if (this.told) listener.error(this.told.error);
  }
}

/** A response whose filters see a failed request even if its handler does not. */
class FailingAnswer extends Observable<unknown> {
  constructor(
    private readonly answer: Observable<unknown>,
    private readonly failure: RequestFailure,
  ) {
    super();
  }

  /** The hook that rxjs calls for each subscription. */
  protected _subscribe(subscriber: Subscriber<unknown>): TeardownLogic {
    this.failure.passTo(subscriber);
    return this.answer.subscribe(subscriber);
  }
}

/** Internal to Nest's own packages. */
interface NestMicroserviceParts {
  readonly microservicesModule?: {
    readonly listenersController?: { readonly contextCreator?: NestPipeline };
  };
}
