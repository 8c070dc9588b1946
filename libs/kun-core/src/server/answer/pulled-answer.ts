import { Observable, type Operator, throwError } from 'rxjs';
import type { ServerCall } from '../call/server-call.js';
import { type PumpTarget, ResponsePump } from './response-pump.js';

/** A source of response messages. */
export type Iterated = AsyncIterable<unknown> | Iterable<unknown>;

/**
 * What a generator or an array yields, as an Observable that is pulled no faster than the caller reads, whatever
 * operators are in between.
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

/** A {@link PulledAnswer} whose messages the pipeline need not see, only its error. */
export class DirectAnswer extends PulledAnswer {}

/** A source that can bypass the pipeline, pulled or as it is emitted, and the pipeline's operator, for its errors. */
export interface Direct {
  readonly iterated?: Iterated;
  readonly source: Observable<unknown>;
  readonly pipeline: Pipeline;
}

/** The operator by which the pipeline passes errors to its filters. */
export type Pipeline = Operator<unknown, unknown>;

/** What the pipeline answers to an error of a source that bypassed it. */
export function answerTo(error: unknown, pipeline: Pipeline): Observable<unknown> {
  return throwError(() => error).lift(pipeline);
}

/**
 * Bypasses rxjs for a response to which Nest added only the operator that passes errors to its filters; `undefined`
 * when there are other operators.
 */
export function directAnswer(
  { source, operator }: Observable<unknown>,
  call: ServerCall,
): Direct | undefined {
  if (source === undefined || operator === undefined) return undefined;
  const { handed } = call;
  call.handed = undefined;
  if (source instanceof DirectAnswer) return { iterated: source.iterated, source, pipeline: operator };
  return source === handed ? { source, pipeline: operator } : undefined;
}

/** A target to pump to at the pace of the call: the call itself, or a stage in front of it. */
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
