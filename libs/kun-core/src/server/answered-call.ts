import { Metadata, status as Code, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import { ObservedCall } from '../rpc/observed-call.js';
import type { StatusError } from '../status/status-error.js';
import { toTrailers } from '../status/trailers.js';
import { peerAddress } from '../transport/peer-address.js';
import { encodeResponse, type BoundMethod } from './bound-method.js';

// Read by grpc-js alone.
const NO_METADATA = new Metadata();

/** The wire's side of a server's call: who called, and what goes back: headers, messages, one status. */
export abstract class AnsweredCall extends ObservedCall {
  protected statusSent = false;
  /** What the status that was sent was made of. */
  protected sentError: StatusError | undefined;
  private headersSent = false;
  private headers: Metadata | undefined;
  private trailers: Metadata | undefined;

  constructor(
    clock: Clock,
    /** Absent for a call that was answered before it reached kun: it can be observed, not answered. */
    readonly wire: ServerInterceptingCallInterface | undefined,
    /** Absent where grpc-js' own handlers answer (health, reflection): kun only watches. */
    readonly bound: BoundMethod | undefined,
  ) {
    super(clock);
  }

  /** Whether an answer would still reach somebody. */
  abstract get writable(): boolean;

  get peer(): string {
    // Read once for each call by grpc-js; `getPeer()` asks the socket again, through a proxy of Node's.
    return peerAddress(this.wire?.getConnectionInfo());
  }

  get deadline(): number {
    const deadline = this.wire?.getDeadline() ?? Infinity;
    return typeof deadline === 'number' ? deadline : deadline.getTime();
  }

  get responseMetadata(): Metadata {
    return (this.headers ??= new Metadata());
  }

  get responseTrailers(): Metadata {
    return (this.trailers ??= new Metadata());
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

  protected sendOk(): void {
    this.sendHeaders();
    this.statusSent = true;
    this.wire?.sendStatus({ code: Code.OK, details: 'OK', metadata: this.trailers ?? null });
  }

  protected sendError(error: StatusError): void {
    this.statusSent = true;
    this.sentError = error;
    const trailers = toTrailers(error);
    // An answer of trailers only has no other place for what was meant to go first.
    if (this.headers && !this.headersSent) trailers.metadata.merge(this.headers);
    if (this.trailers) trailers.metadata.merge(this.trailers);
    this.wire?.sendStatus(trailers);
  }
}
