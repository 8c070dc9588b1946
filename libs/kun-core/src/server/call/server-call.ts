import { status as Code } from '@grpc/grpc-js';
import { runInCall } from '../../rpc/current-call.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { NO_ROUTES, type Routes } from '../../rpc/call-values.js';
import { StatusError } from '../../status/status-error.js';
import { AnsweredCall } from './answered-call.js';
import type { BoundMethod } from './bound-method.js';
import { HandlerCall } from './handler-call.js';
import type { CallEnvironment, RequestReader } from './call-environment.js';
import { ResponseWindow } from './response-window.js';
import type { WireCall, WireEnding } from './wire-call.js';

/** How long the reset of a call may follow its end, when no message of it has come. */
const MISSING_MESSAGE_GRACE_MS = 20;

/**
 * A call as the server answers it, and the listener of the wire that carries it.
 *
 * Two instants are kept apart: the RPC has *ended* (the stream is closed), and the handler has *settled*. The call is
 * open until both have come.
 */
export class ServerCall extends AnsweredCall implements RpcCall {
  readonly side = 'server' as const;
  readonly attempt = 1;
  readonly committed = false;
  readonly draining: AbortSignal;
  routes: Routes = NO_ROUTES;

  private readonly place: number;
  private handlerView: HandlerCall | undefined;
  private handler: 'waiting' | 'running' | 'settled' = 'waiting';
  private reader: RequestReader | undefined;
  private responseWindow: ResponseWindow | undefined;
  private failPipeline: ((error: unknown) => void) | undefined;
  /** Settles when the generators behind the answer have cleaned up. */
  produced: Promise<unknown> = NOTHING_PRODUCED;
  private settlement: { resolve(ending: Ending): void; reject(error: unknown): void } | undefined;

  constructor(
    readonly method: RpcMethod,
    wire: WireCall,
    private readonly environment: CallEnvironment<ServerCall>,
    bound?: BoundMethod,
  ) {
    super(environment.clock, wire, bound, environment.onLeftOut);
    this.draining = environment.draining;
    this.place = environment.openCalls.add(this);
  }

  end(error: StatusError): void {
    if (this.statusSent || this.ending) return;
    this.sendError(error);
    this.abandon(error);
  }

  nextAttempt(): never {
    throw new TypeError('a call on the server has one attempt');
  }

  /** What a Nest handler gets as its third argument. */
  get forHandler(): HandlerCall {
    return (this.handlerView ??= new HandlerCall(this));
  }

  /** What is on its way to the caller. Made on first read. */
  get window(): ResponseWindow {
    return (this.responseWindow ??= new ResponseWindow(this));
  }

  /** Something else works for the answer; the call is open until it is done. */
  produces(done: Promise<void>): void {
    const settled = done.catch(ignore);
    this.produced = this.produced === NOTHING_PRODUCED ? settled : Promise.all([this.produced, settled]);
  }

  /** Where an error in the request stream that the handler does not hear goes; default {@link fail}. */
  onRequestFailure(fail: (error: unknown) => void): void {
    this.failPipeline = fail;
  }

  /** The request stream failed, and the handler does not hear of it. */
  failRequest(error: unknown): void {
    if (this.failPipeline && this.writable) this.failPipeline(error);
    else this.fail(error);
  }

  /** Settles with the ending; rejects with what the handler threw while the call was still to be answered. */
  settled(): Promise<Ending> {
    return new Promise((resolve, reject) => {
      if (this.ending) resolve(this.ending);
      else this.settlement = { resolve, reject };
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

  /** The handler starts; false when nobody waits for it any more. */
  handlerStarts(): boolean {
    if (!this.writable) return false;
    this.handler = 'running';
    return true;
  }

  /** The handler is done and has said all it had to say. */
  succeed(): void {
    if (this.produced === NOTHING_PRODUCED) this.handlerDone();
    else void this.produced.then(() => this.handlerDone());
    if (this.writable) this.sendOk();
  }

  /** The handler threw, or a stream of its did. */
  fail(error: unknown): void {
    const answerable = this.writable ? this.settlement : undefined;
    this.handlerDone();
    if (answerable) answerable.reject(error);
    else if (error !== this.abandonedFor) this.environment.onLateError(this, error);
  }

  /** The handler will do no more, whatever it said. */
  handlerDone(): void {
    if (this.handler === 'settled') return;
    this.handler = 'settled';
    // Whose request may be large, and nobody but the handler's own code needs it while the answer waits to be read.
    this.handlerView = undefined;
    if (this.ending) this.environment.openCalls.remove(this, this.place);
  }

  /** A message of the request. */
  messageArrived(bytes: Buffer): void {
    if (!this.bound) return;
    const decoded = this.decode(this.bound, bytes);
    if (!decoded) return;
    this.countReceived(decoded.message);
    this.reader?.message(decoded.message);
  }

  /** The request is complete. */
  halfClosed(): void {
    // A Node client that cancels before its request is complete ends it first and resets it then: that must not look like
    // a complete request, or like one without a message, so the reset is given the chance to be heard. A stream's comes in
    // the same write; what has no message is wrong in any case, and can wait for a write that follows (Node 22).
    const halfClose = () => this.reader?.halfClose();
    if (this.method.requestStream) setImmediate(halfClose);
    else if (this.received === 0) setTimeout(halfClose, MISSING_MESSAGE_GRACE_MS);
    else this.reader?.halfClose();
  }

  /**
   * Nobody waits for the answer any more; may be told at the end of every call, whichever way it ended. `expired` where
   * the wire knows that it was for the deadline.
   */
  cancelled(expired = this.environment.clock.now() >= this.deadline): void {
    if (this.abandonedFor || this.handler === 'settled') return;
    const [code, why] = expired
      ? [Code.DEADLINE_EXCEEDED, 'the deadline has passed']
      : [Code.CANCELLED, 'the call was cancelled'];
    this.abandon(new StatusError(code, why));
  }

  /** The wire has answered in the handler's place. */
  answeredByWire(code: Code, message: string): void {
    this.statusSent = true;
    this.abandon(new StatusError(code, message));
  }

  /** The call is over on the wire: this is the truth, told once to everybody who asked. */
  finish(wire: WireEnding): void {
    if (this.ending) return;
    this.cancelled(wire.code === Code.DEADLINE_EXCEEDED || undefined);
    const code = this.broken ? Code.INTERNAL : wire.code;
    const cause = this.broken ? 'status' : wire.cause;
    const error = this.sentError?.code === code ? this.sentError : undefined;
    const message = code === Code.OK ? '' : (error?.message ?? wire.message);
    // One entry into the call's context for all observers.
    const ending = runInCall(this, () => this.endWith({ code, cause, message, error }));
    this.settlement?.resolve(ending);
    if (this.handler !== 'running') this.environment.openCalls.remove(this, this.place);
  }

  /** Nobody waits for an answer any more: whoever still works for it is told so, once. */
  private abandon(reason: StatusError): void {
    if (this.abandonedFor || this.handler === 'settled') return;
    for (const step of this.abandonFor(reason)) this.guard(step);
    this.guard(() => this.reader?.cancelled());
    this.guard(() => this.handlerView?.emit('cancelled', 'cancelled'));
  }

  protected override observerFailed(error: unknown): void {
    this.environment.onLateError(this, error);
  }

  /** Runs code of others under the call; what it throws must not reach the HTTP/2 stream's event. */
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
