import { status as Code } from '@grpc/grpc-js';
import { runInCall } from '../../rpc/current-call.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { NO_ROUTES, type Routes } from '../../rpc/call-values.js';
import { StatusError } from '../../status/status-error.js';
import { AnsweredCall } from './answered-call.js';
import type { BoundMethod } from './bound-method.js';
import { HandlerSurface } from './handler-surface.js';
import type { CallEnvironment, RequestReader } from './call-environment.js';
import { ResponseWindow } from './response-window.js';
import type { WireCall, WireOutcome } from './wire-call.js';

/** Receives an error; as an object it needs no closure for each open call. */
export interface ErrorListener {
  error(error: unknown): void;
}

/** How long after the end of the request a reset may arrive when the request had no message. */
const MISSING_MESSAGE_GRACE_MS = 20;

/**
 * A call as the server handles it, and the listener of the wire that carries it.
 *
 * Two events are kept apart: the RPC has *ended* (the stream is closed), and the handler has *settled*. The call is
 * open until both have happened.
 */
export class ServerCall extends AnsweredCall implements RpcCall {
  routes: Routes = NO_ROUTES;

  private readonly place: number;
  private handlerView: HandlerSurface | undefined;
  private handler: 'waiting' | 'running' | 'settled' = 'waiting';
  private reader: RequestReader | undefined;
  private responseWindow: ResponseWindow | undefined;
  private pipeline: ErrorListener | undefined;
  /** The response as it was handed to Nest, when only Nest's filters need to see more of it. */
  handed: unknown;
  /** Settles when the generators behind the response have cleaned up. */
  produced: Promise<unknown> = NOTHING_PRODUCED;
  private resolveSettled: ((ending: Ending) => void) | undefined;
  private rejectSettled: ((error: unknown) => void) | undefined;

  constructor(
    readonly method: RpcMethod,
    wire: WireCall,
    private readonly environment: CallEnvironment<ServerCall>,
    bound?: BoundMethod,
  ) {
    super(environment.clock, wire, bound, environment.onLeftOut);
    this.place = environment.openCalls.add(this);
  }

  get side(): 'server' {
    return 'server';
  }

  get attempt(): 1 {
    return 1;
  }

  get committed(): false {
    return false;
  }

  get draining(): AbortSignal {
    return this.environment.draining;
  }

  end(error: StatusError): void {
    if (this.statusSent || this.ending) return;
    this.sendError(error);
    this.abandon(error);
  }

  nextAttempt(): never {
    throw new TypeError('a call on the server has one attempt');
  }

  /** The third argument of a Nest handler. */
  get forHandler(): HandlerSurface {
    return (this.handlerView ??= new HandlerSurface(this));
  }

  /** Response messages in flight. Created on first read. */
  get window(): ResponseWindow {
    return (this.responseWindow ??= new ResponseWindow(this));
  }

  /** Wakes a producer that waits for room, so that it sees that the call is over. */
  releaseWindow(): void {
    this.responseWindow?.release();
  }

  /** Registers further work on the response; the call stays open until it is done. */
  produces(done: Promise<void>): void {
    const settled = done.catch(ignore);
    this.produced = this.produced === NOTHING_PRODUCED ? settled : Promise.all([this.produced, settled]);
  }

  /** Where an error of the request stream goes if the handler does not see it; default {@link fail}. */
  onRequestFailure(pipeline: ErrorListener): void {
    this.pipeline = pipeline;
  }

  /** The request stream failed and the handler does not see the error. */
  failRequest(error: unknown): void {
    if (this.pipeline && this.writable) this.pipeline.error(error);
    else this.fail(error);
  }

  /** Resolves with the ending; rejects with what the handler threw while the call could still be answered. */
  settled(): Promise<Ending> {
    return new Promise((resolve, reject) => {
      if (this.ending) {
        resolve(this.ending);
        return;
      }
      this.resolveSettled = resolve;
      this.rejectSettled = reject;
    });
  }

  /** Reads the request with `reader`; nothing is read before `pull`. */
  readWith(reader: RequestReader): void {
    this.reader = reader;
    if (this.abandonedFor || this.ending) reader.cancelled();
  }

  pull(): void {
    this.wire.read();
  }

  /** Marks the start of the handler; false when the caller no longer waits. */
  handlerStarts(): boolean {
    if (!this.writable) return false;
    this.handler = 'running';
    return true;
  }

  /** The handler has finished and sent its whole response. */
  succeed(): void {
    if (this.produced === NOTHING_PRODUCED) this.handlerDone();
    else void this.produced.then(() => this.handlerDone());
    if (this.writable) this.sendOk();
  }

  /** The handler, or one of its streams, threw. */
  fail(error: unknown): void {
    const reject = this.writable ? this.rejectSettled : undefined;
    this.handlerDone();
    if (reject) reject(error);
    else if (error !== this.abandonedFor) this.environment.onLateError(this, error);
  }

  /** The handler will do no more, whatever its outcome. */
  handlerDone(): void {
    if (this.handler === 'settled') return;
    this.handler = 'settled';
    // Drop the request, which may be large and is needed only by the handler, while the response waits to be read.
    this.handlerView = undefined;
    if (this.ending) this.environment.openCalls.remove(this, this.place);
  }

  /** A request message arrived. */
  messageArrived(bytes: Buffer): void {
    if (!this.bound) return;
    const decoded = this.decode(this.bound, bytes);
    if (!decoded) return;
    this.countReceived(decoded.message);
    this.reader?.message(decoded.message);
  }

  /** The request is complete. */
  halfClosed(): void {
    // A Node client that cancels before its request is complete ends the stream first and resets it afterwards. That
    // must not look like a complete request, or like one without a message, so the reset gets a chance to arrive first.
    // With a message, the reset comes in the same write; without one the request is invalid in any case and can wait
    // for a following write (Node 22).
    const halfClose = () => this.reader?.halfClose();
    if (this.method.requestStream) setImmediate(halfClose);
    else if (this.received === 0) setTimeout(halfClose, MISSING_MESSAGE_GRACE_MS);
    else this.reader?.halfClose();
  }

  /**
   * The caller no longer waits; may also be called at the end of every call, however it ended. `expired` when the wire
   * knows that the deadline was the reason.
   */
  cancelled(expired = this.environment.clock.now() >= this.deadline): void {
    if (this.abandonedFor || this.handler === 'settled') return;
    const [code, why] = expired
      ? [Code.DEADLINE_EXCEEDED, 'the deadline has passed']
      : [Code.CANCELLED, 'the call was cancelled'];
    this.abandon(new StatusError(code, why));
  }

  /** The wire has answered instead of the handler. */
  answeredByWire(code: Code, message: string): void {
    this.statusSent = true;
    this.abandon(new StatusError(code, message));
  }

  /** The call has ended on the wire; reports the authoritative outcome once to all observers. */
  finish(wire: WireOutcome): void {
    if (this.ending) return;
    this.cancelled(wire.code === Code.DEADLINE_EXCEEDED || undefined);
    const code = this.broken ? Code.INTERNAL : wire.code;
    const cause = this.broken ? 'status' : wire.cause;
    const error = this.sentError?.code === code ? this.sentError : undefined;
    const message = code === Code.OK ? '' : (error?.message ?? wire.message);
    // Enters the call's context once for all observers.
    const ending = runInCall(this, () => this.endWith({ code, cause, message, error }));
    this.resolveSettled?.(ending);
    if (this.handler !== 'running') this.environment.openCalls.remove(this, this.place);
  }

  /** Tells whatever still works on the response, once, that the caller no longer waits. */
  private abandon(reason: StatusError): void {
    if (this.abandonedFor || this.handler === 'settled') return;
    for (const step of this.abandonFor(reason)) this.guard(step);
    this.guard(() => this.reader?.cancelled());
    this.guard(() => this.handlerView?.emit('cancelled', 'cancelled'));
  }

  protected override observerFailed(error: unknown): void {
    this.environment.onLateError(this, error);
  }

  /** Runs foreign code under the call; what it throws must not reach the HTTP/2 stream's event handler. */
  private guard<A extends unknown[]>(body: (...args: A) => void, ...args: A): void {
    try {
      runInCall(this, body, ...args);
    } catch (error) {
      this.observerFailed(error);
    }
  }
}

const NOTHING_PRODUCED: Promise<unknown> = Promise.resolve();

function ignore(): void {}
