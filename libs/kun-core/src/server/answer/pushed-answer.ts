import { status as Code } from '@grpc/grpc-js';
import { type Observable, Subscriber } from 'rxjs';
import { StatusError } from '../../status/status-error.js';
import type { ServerCall } from '../call/server-call.js';
import { answerTo, CallTarget, iteratorOf, type Iterated, type Pipeline } from './pulled-answer.js';
import { ResponsePump } from './response-pump.js';

/**
 * How much an Observable, which has no backpressure, may queue for a slow reader before its call is ended with
 * RESOURCE_EXHAUSTED. An AsyncIterable is pulled and never reaches this.
 */
const OBSERVABLE_MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * Sends what an Observable emits. It is the subscriber itself rather than an observer: a service may hold many open
 * calls, and a source that emits everything at once can only be stopped by a subscriber that it knows.
 */
export class PushedAnswer extends Subscriber<unknown> {
  // Another interceptor passed the stream on as a single value: its messages are sent instead.
  private pump: ResponsePump | undefined;
  private pumped: Promise<void> | undefined;

  constructor(
    private readonly call: ServerCall,
    /** Given if the source bypasses the pipeline. */
    private readonly pipeline?: Pipeline,
  ) {
    super();
  }

  start(source: Observable<unknown>): void {
    this.call.onAbandoned(this);
    if (!this.closed) source.subscribe(this);
  }

  protected override _next(value: unknown): void {
    const { call } = this;
    if (!call.writable) {
      this.unsubscribe();
      return;
    }
    if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value) {
      this.pumped = (this.pumped ?? Promise.resolve()).then(() => {
        const target = new CallTarget(call, (message) => call.window.send(message));
        this.pump = new ResponsePump(iteratorOf(value as Iterated), target);
        return this.pump.done;
      });
      this.pumped.catch((error: unknown) => this.fail(error));
      return;
    }
    const { window } = call;
    try {
      window.send(value);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (window.bytesInFlight > OBSERVABLE_MAX_WAITING_BYTES) this.fail(tooSlow(call, window.bytesInFlight));
  }

  protected override _error(error: unknown): void {
    const { call, pipeline } = this;
    this.unsubscribe();
    if (pipeline === undefined) call.fail(error);
    // When the caller no longer waits, filters are not consulted.
    else if (call.writable) new PushedAnswer(call).start(answerTo(error, pipeline));
    else call.handlerDone();
  }

  protected override _complete(): void {
    const { call, pumped } = this;
    this.unsubscribe();
    if (pumped === undefined) call.succeed();
    else void pumped.then(() => call.succeed(), ignore);
  }

  private fail(error: unknown): void {
    this.unsubscribe();
    this.call.fail(error);
  }

  /** The caller no longer waits. */
  abandon(): void {
    const { call } = this;
    call.releaseWindow();
    this.unsubscribe();
    this.pump?.stop();
    void (this.pumped ?? Promise.resolve())
      .catch(ignore)
      .then(() => call.produced)
      .then(() => call.handlerDone());
  }
}

function tooSlow(call: ServerCall, waitingBytes: number): StatusError {
  const path = call.method.path;
  return new StatusError(
    Code.RESOURCE_EXHAUSTED,
    `the caller of ${path} reads too slowly: ${waitingBytes} bytes are waiting to be sent`,
  );
}

function ignore(): void {}
