import { Duplex } from 'node:stream';
import type { Deadline, Metadata } from '@grpc/grpc-js';
import { isObservable, lastValueFrom } from 'rxjs';
import { runInCall } from '../rpc/current-call.js';
import type { BoundMethod } from './bound-method.js';
import { respondOnce } from './response-single.js';
import type { ResponseWindow } from './response-window.js';
import type { RequestReader } from './call-environment.js';
import type { ServerCall } from './server-call.js';

/** Runs a `@GrpcStreamCall` handler: `(stream)`, or `(stream, callback)` where the response is a single message. */
export function answerWithStreamCall(call: ServerCall, bound: BoundMethod): void {
  const stream = new StreamCall(call);
  const callback = (error: unknown, message?: unknown) => {
    if (error) call.fail(error);
    else respondOnce(call, bound, message);
  };
  const args = bound.method.responseStream ? [stream] : [stream, callback];
  bound
    .handler(...args)
    .then((result) => (isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : undefined))
    .catch((error: unknown) => call.fail(error));
}

/**
 * A real duplex stream of messages, with the methods of grpc-js' server streams. Ending it ends the call with OK;
 * emitting or destroying it with an error ends the call with that error. `cancelled` is emitted when nobody waits any
 * more.
 */
export class StreamCall extends Duplex implements RequestReader {
  // Private to the language: nothing that copies or prints the stream walks into the server.
  readonly #call: ServerCall;
  readonly #window: ResponseWindow;

  constructor(call: ServerCall) {
    super({ objectMode: true });
    this.#call = call;
    this.#window = call.window;
    this.on('error', (error) => call.fail(error));
    call.readWith(this);
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  getPeer(): string {
    return this.#call.peer;
  }

  getDeadline(): Deadline {
    return this.#call.deadline;
  }

  getPath(): string {
    return this.#call.method.path;
  }

  sendMetadata(metadata: Metadata): void {
    this.#call.responseMetadata.merge(metadata);
    this.#call.sendHeaders();
  }

  message(message: unknown): void {
    runInCall(this.#call, () => this.push(message));
  }

  halfClose(): void {
    runInCall(this.#call, () => this.push(null));
  }

  cancelled(): void {
    this.#window.release();
    this.emit('cancelled');
    this.destroy();
    this.#call.handlerDone();
  }

  override _read(): void {
    this.#call.pull();
  }

  override _write(message: unknown, _encoding: string, done: (error?: Error) => void): void {
    try {
      this.#window.send(message);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (this.#window.full) void this.#window.whenOpen().then(() => done());
    else done();
  }

  override _final(done: () => void): void {
    this.#call.succeed();
    done();
  }
}
