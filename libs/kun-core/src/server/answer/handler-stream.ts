import { Duplex } from 'node:stream';
import type { Deadline, Metadata, sendUnaryData } from '@grpc/grpc-js';
import { isObservable, lastValueFrom } from 'rxjs';
import { runInCall } from '../../rpc/current-call.js';
import { filterAnswer } from '../../status/thrown/nest-error.js';
import type { BoundMethod } from '../call/bound-method.js';
import { HandlerSurface } from '../call/handler-surface.js';
import type { ServerCall } from '../call/server-call.js';
import { respondOnce } from './respond.js';

/**
 * Runs a handler that receives the stream itself: `(stream)`, or `(stream, callback)` where the response is a single
 * message. A single request is available as `stream.request`, as in grpc-js' server-streaming calls.
 */
export function answerWithStream(call: ServerCall, bound: BoundMethod, request?: unknown): void {
  const { readError = spoken } = bound;
  const stream = new HandlerStream(call, readError, request);
  // grpc-js also passes flags, and ignores them.
  const callback: sendUnaryData<unknown> = (error, message, trailer) => {
    if (trailer && call.writable) call.responseTrailers.merge(trailer);
    if (error) call.fail(readError(error));
    else respondOnce(call, bound, message);
  };
  const args = bound.method.responseStream ? [stream] : [stream, callback];
  bound
    .handler(...args)
    .then((result) => (isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : undefined))
    .catch((error: unknown) => call.fail(error));
}

/**
 * A real duplex stream of messages with the surface of grpc-js' server streams. Ending it ends the call with OK,
 * `end(metadata)` also sets the trailers; emitting `error` or destroying it with an error ends the call with that
 * error. `cancelled` is emitted when the caller no longer waits.
 */
export class HandlerStream extends Duplex {
  // A #private field, so that nothing that copies or prints the stream reaches the server's internals.
  readonly #call: ServerCall;
  /** The part shared with the third argument of other handlers. */
  readonly #surface: HandlerSurface;

  constructor(
    call: ServerCall,
    /** Converts an error that ends the stream. */
    readError: (error: unknown) => unknown,
    /** The request, when it is a single message. */
    readonly request?: unknown,
  ) {
    super({ objectMode: true });
    this.#call = call;
    this.#surface = new HandlerSurface(call);
    this.on('error', (error) => call.fail(readError(error)));
    if (request !== undefined) this.push(null);
    call.readWith({
      message: (message) => runInCall(call, () => this.#admit(message)),
      halfClose: () => runInCall(call, () => this.push(null)),
      cancelled: () => {
        call.releaseWindow();
        this.emit('cancelled', 'cancelled');
        this.destroy();
        call.handlerDone();
      },
    });
  }

  get metadata(): Metadata {
    return this.#surface.metadata;
  }

  /** Whether the caller no longer waits for the response. */
  get cancelled(): boolean {
    return this.#surface.cancelled;
  }

  getPeer(): string {
    return this.#surface.getPeer();
  }

  /** `Infinity` when the caller set no deadline. */
  getDeadline(): Deadline {
    return this.#surface.getDeadline();
  }

  getPath(): string {
    return this.#surface.getPath();
  }

  getHost(): string {
    return this.#surface.getHost();
  }

  getAuthContext(): ReturnType<HandlerSurface['getAuthContext']> {
    return this.#surface.getAuthContext();
  }

  getMetricsRecorder(): ReturnType<HandlerSurface['getMetricsRecorder']> {
    return this.#surface.getMetricsRecorder();
  }

  /** Sends the initial metadata now; no effect once a message was sent. */
  sendMetadata(metadata: Metadata): void {
    this.#surface.sendMetadata(metadata);
  }

  /** Signals the end of the response. As in grpc-js, the argument is the trailing metadata, not a last message. */
  override end(metadata?: unknown): this {
    if (isMetadata(metadata)) this.#call.responseTrailers.merge(metadata);
    return super.end();
  }

  #admit(message: unknown): void {
    try {
      this.#call.bound?.check?.(message);
      this.push(message);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _read(): void {
    this.#call.pull();
  }

  override _write(message: unknown, _encoding: string, done: (error?: Error) => void): void {
    const { window } = this.#call;
    try {
      window.send(message);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (window.full) void window.whenOpen().then(() => done());
    else done();
  }

  override _final(done: () => void): void {
    this.#call.succeed();
    done();
  }
}

/**
 * Interprets what was passed to a callback or emitted as `error`. A plain `{ code, message }` or `{ code, details }` is
 * grpc-js' own form and meant for the caller; an Error is interpreted by its type, as everywhere.
 */
function spoken(error: unknown): unknown {
  return filterAnswer(error, undefined);
}

/** Whether the value is metadata, of any copy of grpc-js. */
export function isMetadata(value: unknown): value is Metadata {
  return (
    typeof value === 'object' && value !== null && 'toHttp2Headers' in value && !Object.hasOwn(value, 'get')
  );
}
