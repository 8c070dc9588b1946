import { Metadata, status as Code } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import { REQUEST_ID_HEADER } from '../../rpc/call-values.js';
import { ObservedCall } from '../../rpc/observed-call.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { StatusError } from '../../status/status-error.js';
import { toTrailers } from '../../status/wire/trailers.js';
import { cleanMetadata, metadataSizeProblem, type OnLeftOut } from '../../transport/outgoing-metadata.js';
import { takeEncodingRequest, type CompressionAlgorithm } from '../../transport/compression.js';
import type { MetadataPlace } from '../../transport/reserved-metadata.js';
import type { BoundMethod } from './bound-method.js';
import type { WireCall, CallStatus } from './wire-call.js';

/** What to do when the caller no longer waits; an object needs no closure for each open call. */
export type Teardown = (() => void) | { abandon(): void };

/**
 * The caller-facing side of a server call: who called, what is sent back (headers, messages, one status), and whether
 * the caller still waits.
 */
export abstract class AnsweredCall extends ObservedCall {
  /** How response messages are compressed. Default: the server's setting */
  compression: CompressionAlgorithm | undefined;
  protected statusSent = false;
  /** The transport refused the response, and the stream was reset. */
  protected broken = false;
  /** The error behind the status that was sent. */
  protected sentError: StatusError | undefined;
  /** Why the caller no longer waits. */
  protected abandonedFor: StatusError | undefined;
  private aborting: AbortController | undefined;
  private teardown: Teardown | undefined;
  private headersSent = false;
  private requestMetadata: Metadata | undefined;
  private headers: Metadata | undefined;
  private trailers: Metadata | undefined;

  constructor(
    clock: Clock,
    readonly wire: WireCall,
    /** Absent for an unknown method, which the wire answers: such a call is only observed. */
    readonly bound: BoundMethod | undefined,
    private readonly onLeftOut: OnLeftOut,
  ) {
    super(clock);
  }

  abstract readonly method: RpcMethod;

  /** Whether a response would still reach the caller. */
  get writable(): boolean {
    return !this.statusSent && !this.ending && !this.abandonedFor;
  }

  /**
   * Aborts with the reason when the caller no longer waits; created on first read, since most handlers never use it.
   */
  get signal(): AbortSignal {
    if (!this.aborting) {
      this.aborting = new AbortController();
      if (this.abandonedFor) this.aborting.abort(this.abandonedFor);
    }
    return this.aborting.signal;
  }

  /** Registers what to stop when the caller no longer waits; the last registration wins. */
  onAbandoned(teardown: Teardown): void {
    this.teardown = teardown;
    if (this.ending || this.abandonedFor) this.tearDown();
  }

  get metadata(): Metadata {
    return (this.requestMetadata ??= this.wire.readMetadata());
  }

  get peer(): string {
    return this.wire.peer;
  }

  get deadline(): number {
    return this.wire.deadline;
  }

  get responseMetadata(): Metadata {
    if (this.headers) return this.headers;
    this.headers = new Metadata();
    const { returnedRequestId } = this;
    if (returnedRequestId !== undefined) this.headers.set(REQUEST_ID_HEADER, returnedRequestId);
    return this.headers;
  }

  get responseTrailers(): Metadata {
    return (this.trailers ??= new Metadata());
  }

  /** Marks the call as abandoned. Returns the steps to run, because each is foreign code that may throw. */
  protected abandonFor(reason: StatusError): ReadonlyArray<() => void> {
    this.abandonedFor = reason;
    return [() => this.aborting?.abort(reason), () => this.tearDown()];
  }

  private tearDown(): void {
    const { teardown } = this;
    if (typeof teardown === 'function') teardown();
    else teardown?.abandon();
  }

  /** No effect once headers were sent. Oversize headers end the call with RESOURCE_EXHAUSTED. */
  sendHeaders(): void {
    if (this.headersSent || this.statusSent) return;
    // Where nothing is compressed the header stays, and is dropped later with a warning.
    if (this.headers && this.wire.compresses) this.compression ??= takeEncodingRequest(this.headers);
    const headers = this.headers && this.outgoing(this.headers, 'response headers');
    if (this.statusSent) return;
    this.headersSent = true;
    try {
      this.wire.sendHeaders(headers, this.compression, headers ? undefined : this.returnedRequestId);
    } catch (cause) {
      this.wireFailed(cause);
    }
  }

  /** Whether a message sent now has to wait for the caller's flow-control window or for the socket. */
  get congested(): boolean {
    return this.wire.congested;
  }

  /**
   * Sends a message; returns its size in bytes, 0 when the caller no longer waits.
   *
   * @throws {StatusError} with INTERNAL when the message does not fit the proto.
   */
  send(message: unknown, onFlushed: () => void): number {
    if (!this.writable || !this.bound) return 0;
    const bytes = encode(this.bound, message);
    this.sendHeaders();
    if (!this.writable) return 0;
    this.countSent(message);
    try {
      this.wire.sendMessage(bytes, onFlushed);
    } catch (cause) {
      this.wireFailed(cause);
    }
    return bytes.byteLength;
  }

  /** Decodes a request message. Invalid bytes end the call with INTERNAL, as in grpc-js and gRPC's C core. */
  protected decode({ codec, method }: BoundMethod, bytes: Buffer): { readonly message: unknown } | undefined {
    try {
      return { message: codec.deserializeRequest(bytes) };
    } catch (cause) {
      this.end(
        new StatusError(Code.INTERNAL, `the request of ${method.path} could not be parsed`, { cause }),
      );
      return undefined;
    }
  }

  /** Ends the call with an error and releases whatever is working on the response. */
  abstract end(error: StatusError): void;

  protected sendOk(): void {
    const metadata = this.trailers && this.outgoing(this.trailers, 'response trailers');
    this.sendHeaders();
    if (!this.writable) return;
    this.statusSent = true;
    this.sendStatus({ code: Code.OK, details: 'OK', metadata: metadata ?? null });
  }

  protected sendError(error: StatusError): void {
    this.statusSent = true;
    this.sentError = error;
    // A trailers-only response has no other place for the pending headers.
    const known = this.headers !== undefined || this.returnedRequestId !== undefined;
    const headers = this.headersSent || !known ? undefined : this.responseMetadata;
    this.sendStatus(toTrailers(error, { also: [this.trailers, headers], onLeftOut: this.onLeftOut }));
  }

  private sendStatus(status: CallStatus): void {
    try {
      this.wire.sendStatus(status);
    } catch (cause) {
      this.wireFailed(cause);
    }
  }

  /**
   * The part of the metadata that can be sent; `undefined` when it was too large and the call has been ended for that.
   */
  private outgoing(metadata: Metadata, place: MetadataPlace): Metadata | undefined {
    const clean = cleanMetadata(metadata, place, this.onLeftOut);
    const problem = metadataSizeProblem(clean);
    if (problem === undefined) return clean.metadata;
    this.end(new StatusError(Code.RESOURCE_EXHAUSTED, `the ${place} of ${this.method.path} ${problem}`));
    return undefined;
  }

  /** The transport refused what should have been sent: the caller still gets an end, and the log gets the cause. */
  private wireFailed(cause: unknown): void {
    this.sentError = new StatusError(Code.INTERNAL, 'the answer could not be sent', {
      cause,
      hidesCause: true,
    });
    this.statusSent = true;
    this.broken = true;
    this.wire.breakOff(this.sentError);
  }
}

/** @throws {StatusError} with INTERNAL when the message does not fit the proto. */
function encode({ codec, method }: BoundMethod, message: unknown): Buffer {
  try {
    return codec.serializeResponse(message);
  } catch (cause) {
    throw new StatusError(Code.INTERNAL, `the response of ${method.path} does not fit its proto`, { cause });
  }
}
