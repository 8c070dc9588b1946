import { Observable, throwError } from 'rxjs';
import type { ServerCall } from '../call/server-call.js';
import { type PumpTarget, ResponsePump } from './response-pump.js';

/** What is iterated for the messages of an answer. */
export type Iterated = AsyncIterable<unknown> | Iterable<unknown>;

/**
 * What a generator or a list yields, as an Observable that is pulled no faster than the caller of the call reads,
 * whatever operators stand between.
 */
export class PulledAnswer extends Observable<unknown> {
  constructor(
    readonly iterated: Iterated,
    call: ServerCall,
  ) {
    super((subscriber) => {
      const target = new CallTarget(
        call,
        (message) => subscriber.next(message),
        () => !subscriber.closed,
      );
      const pump = new ResponsePump(iteratorOf(iterated), target);
      call.produces(pump.done);
      pump.done.then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      );
      return () => pump.stop();
    });
  }
}

/** A {@link PulledAnswer} of which the pipeline needs to see no message, but an error. */
export class DirectAnswer extends PulledAnswer {}

/** What can be pulled past the pipeline, and what the pipeline makes of its error. */
export interface Direct {
  readonly iterated: Iterated;
  readonly failed: (error: unknown) => Observable<unknown>;
}

/**
 * The way past rxjs of an answer that Nest has done nothing with but add the operator that asks its filters of errors;
 * `undefined` where more stands between.
 */
export function directAnswer({ source, operator }: Observable<unknown>): Direct | undefined {
  if (!(source instanceof DirectAnswer)) return undefined;
  return { iterated: source.iterated, failed: (error) => throwError(() => error).lift(operator) };
}

/** Somewhere to pump to at the pace of the call: the call itself, or who stands before it. */
export class CallTarget implements PumpTarget {
  constructor(
    private readonly call: ServerCall,
    readonly send: (message: unknown) => void,
    private readonly wanted: () => boolean = always,
  ) {}

  get open(): boolean {
    return this.call.writable && this.wanted();
  }

  get full(): boolean {
    return this.call.window.full;
  }

  whenOpen(): Promise<void> {
    return this.call.window.whenOpen();
  }
}

export function iteratorOf(source: Iterated): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

function always(): boolean {
  return true;
}
