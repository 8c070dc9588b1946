import { Metadata, status as Code, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { runInCall } from '../rpc/current-call.js';
import type { Ending } from '../rpc/ending.js';
import { ObservedCall } from '../rpc/observed-call.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { NO_ROUTES, type Routes } from '../rpc/routes.js';
import { StatusError } from '../status/status-error.js';
import { toTrailers } from '../status/trailers.js';
import { decodeRequest, encodeResponse, type BoundMethod } from './bound-method.js';
import { Abandonment } from './abandonment.js';
import { peerAddress } from '../transport/peer-address.js';
import { HandlerCall } from './handler-call.js';
import type { CallEnvironment, CallStream, RequestReader } from './call-environment.js';
import type { WireEnding } from './wire-ending.js';

// Read by grpc-js alone.
const NO_METADATA = new Metadata();

/**
 * A call as the server answers it: a thin view of grpc-js' intercepting call, and the listener of it.
 *
 * Two instants are kept apart: the RPC has *ended* (the stream is closed), and the handler has *settled*. The call is
 * open until both have come.
 */
export class ServerCall extends ObservedCall implements RpcCall {
  readonly side = 'server' as const;
  readonly attempt = 1;
  readonly committed = false;
  readonly draining: AbortSignal;
  routes: Routes = NO_ROUTES;
  metadata!: Metadata;
  /** The stream that carries the call; absent once answered without one. */
  stream: CallStream | undefined;

  private readonly abandonment = new Abandonment();
  private readonly place: number;
  private headers: Metadata | undefined;
  private trailers: Metadata | undefined;
  private handlerView: HandlerCall | undefined;
  private headersSent = false;
  private statusSent = false;
  private error: StatusError | undefined;
  private handler: 'waiting' | 'running' | 'settled' = 'waiting';
  private reader: RequestReader | undefined;
  private settlement: { resolve(ending: Ending): void; reject(error: unknown): void } | undefined;

  constructor(
    readonly method: RpcMethod,
    /** Absent for a call that was answered before it reached kun: it can be observed, not answered. */
    readonly wire: ServerInterceptingCallInterface | undefined,
    private readonly environment: CallEnvironment<ServerCall>,
    /** Absent where grpc-js' own handlers answer (health, reflection): kun only watches. */
    readonly bound?: BoundMethod,
  ) {
    super(environment.clock);
    this.draining = environment.draining;
    this.place = environment.openCalls.add(this);
  }

  get peer(): string {
    // Read once for each call by grpc-js; `getPeer()` asks the socket again, through a proxy of Node's.
    return peerAddress(this.wire?.getConnectionInfo());
  }

  get deadline(): number {
    const deadline = this.wire?.getDeadline() ?? Infinity;
    return typeof deadline === 'number' ? deadline : deadline.getTime();
  }

  get signal(): AbortSignal {
    return this.abandonment.signal;
  }

  get responseMetadata(): Metadata {
    return (this.headers ??= new Metadata());
  }

  get responseTrailers(): Metadata {
    return (this.trailers ??= new Metadata());
  }

  end(error: StatusError): void {
    if (this.statusSent || this.ending) return;
    this.statusSent = true;
    this.error = error;
    const trailers = toTrailers(error);
    // An answer of trailers only has no other place for what was meant to go first.
    if (this.headers && !this.headersSent) trailers.metadata.merge(this.headers);
    if (this.trailers) trailers.metadata.merge(this.trailers);
    this.wire?.sendStatus(trailers);
    this.abandon(error);
  }

  nextAttempt(): never {
    throw new TypeError('a call on the server has one attempt');
  }

  /** Whether an answer would still reach somebody. */
  get writable(): boolean {
    return !this.statusSent && !this.ending && !this.abandonment.reason;
  }

  /** What a Nest handler gets as its third argument. */
  get forHandler(): HandlerCall {
    return (this.handlerView ??= new HandlerCall(this));
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
    if (this.abandonment.reason || this.ending) reader.cancelled();
  }

  pull(): void {
    this.wire?.startRead();
  }

  /** What to stop when nobody waits for the answer any more; the last one given counts. */
  onAbandoned(teardown: () => void): void {
    if (this.ending) teardown();
    else this.abandonment.onAbandoned(teardown);
  }

  sendHeaders(): void {
    if (this.headersSent || this.statusSent) return;
    this.headersSent = true;
    this.wire?.sendMetadata(this.headers ?? NO_METADATA);
  }

  /**
   * Sends a message; says how many bytes it has, 0 when nobody waits for it any more.
   *
   * @throws {StatusError} INTERNAL when the message does not fit the proto.
   */
  send(message: unknown, onFlushed: () => void): number {
    if (!this.writable || !this.bound) return 0;
    const bytes = encodeResponse(this.bound, message);
    this.sendHeaders();
    this.countSent(message);
    this.wire?.sendMessage(bytes, onFlushed);
    return bytes.byteLength;
  }

  /** The handler starts; false when nobody waits for it any more. */
  handlerStarts(): boolean {
    if (!this.writable) return false;
    this.handler = 'running';
    return true;
  }

  /** The handler is done and has said all it had to say. */
  succeed(): void {
    this.handlerDone();
    if (!this.writable) return;
    this.sendHeaders();
    this.statusSent = true;
    this.wire?.sendStatus({ code: Code.OK, details: 'OK', metadata: this.trailers ?? null });
  }

  /** The handler threw, or a stream of its did. */
  fail(error: unknown): void {
    const answerable = this.writable && this.settlement;
    this.handlerDone();
    if (answerable) answerable.reject(error);
    else if (error !== this.abandonment.reason) this.environment.onLateError(this, error);
  }

  /** The handler will do no more, whatever it said. */
  handlerDone(): void {
    if (this.handler === 'settled') return;
    this.handler = 'settled';
    if (this.ending) this.environment.openCalls.remove(this, this.place);
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.metadata = metadata;
  }

  onReceiveMessage(bytes: Buffer): void {
    if (!this.bound) return;
    const { message, error } = decodeRequest(this.bound, bytes);
    if (error) {
      this.end(error);
      return;
    }
    this.countReceived(message);
    this.reader?.message(message);
  }

  onReceiveHalfClose(): void {
    // A Node client that cancels a request stream ends it first and resets it then, in one write; and Node ends the
    // readable side of a stream that was reset or lost. Neither must look like a complete request.
    if (this.method.requestStream) setImmediate(() => this.halfCloseUnlessReset());
    else this.halfCloseUnlessReset();
  }

  /** grpc-js says so at the end of every call, whichever way it ended. */
  onCancel(): void {
    if (this.abandonment.reason || this.handler === 'settled') return;
    const expired = this.environment.clock.now() >= this.deadline;
    const [code, why] = expired
      ? [Code.DEADLINE_EXCEEDED, 'the deadline has passed']
      : [Code.CANCELLED, 'the call was cancelled'];
    this.abandon(new StatusError(code, why));
  }

  /** The stream has closed: this is the truth, told once to everybody who asked. */
  finish(wire: WireEnding): void {
    if (this.ending) return;
    this.onCancel();
    const error = this.error?.code === wire.code ? this.error : undefined;
    const message = wire.code === Code.OK ? '' : (error?.message ?? wire.message);
    // One entry into the call's context for all observers.
    const ending = runInCall(this, () => this.endWith({ ...wire, message, error }));
    this.settlement?.resolve(ending);
    if (this.handler !== 'running') this.environment.openCalls.remove(this, this.place);
  }

  /** Nobody waits for an answer any more: whoever still works for it is told so, once. */
  private abandon(reason: StatusError): void {
    if (this.abandonment.reason || this.handler === 'settled') return;
    for (const step of this.abandonment.abandon(reason)) this.guard(step);
    this.guard(() => this.reader?.cancelled());
    this.guard(() => this.handlerView?.emitCancelled());
  }

  protected override observerFailed(error: unknown): void {
    this.environment.onLateError(this, error);
  }

  private halfCloseUnlessReset(): void {
    if (this.stream && (this.stream.aborted || this.stream.rstCode)) return;
    this.reader?.halfClose();
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
