import { Metadata, status as Code } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import { REQUEST_ID_HEADER } from '../../rpc/call-values.js';
import type { StatusError } from '../../status/status-error.js';
import type { ServerCall } from '../call/server-call.js';
import {
  endingOfAbandoned,
  type AuthContext,
  type MetricsRecorder,
  type WireCall,
  type WireOutcome,
  type CallStatus,
} from '../call/wire-call.js';
import { LoadReport } from './kun/load-report.js';

/** Who makes an in-process call and receives its results. */
export interface LocalCallListener {
  /** `address:port` of the peer that it is made for. */
  readonly peer: string;
  readonly metadata: Metadata;
  /** Milliseconds since the epoch; `Infinity` for no deadline. */
  readonly deadline: number;
  onHeaders(metadata: Metadata): void;
  /** Call `taken` to request the next message. */
  onMessage(bytes: Buffer, taken: () => void): void;
  /** Called once, last. */
  onEnd(status: CallStatus): void;
}

/** What a local call needs of the server. */
export interface LocalCallOptions {
  readonly clock: Clock;
  /** Larger messages end the call with RESOURCE_EXHAUSTED, as on the wire. */
  readonly maxMessageBytes: number;
}

/** The longest delay of Node's timers, 24.8 days: a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * A call that this process makes to itself without a connection. It goes through the same chain, guards and handler as
 * any other, even where the port requires client certificates, of which it has none.
 */
export class LocalCall implements WireCall {
  /** Set right after construction, together with what runs it through the chain. */
  call!: ServerCall;
  run: (call: ServerCall) => void = () => {};
  readonly host = 'localhost';
  readonly socket = undefined;
  readonly authContext: AuthContext = {};
  readonly compresses = false;
  /** The caller takes messages one by one. */
  readonly congested = true;
  private readonly requests: Array<{ readonly bytes: Buffer; readonly onTaken: () => void }> = [];
  private wanted = 0;
  private complete: 'no' | 'yes' | 'told' = 'no';
  private over = false;
  private readonly cancelDeadline: () => void;

  constructor(
    private readonly caller: LocalCallListener,
    private readonly options: LocalCallOptions,
  ) {
    const { clock } = options;
    const expire = () => this.answer(Code.DEADLINE_EXCEEDED, 'the deadline has passed');
    const leftMs = Math.max(0, caller.deadline - clock.now());
    this.cancelDeadline = leftMs > MAX_TIMER_MS ? () => {} : clock.schedule(leftMs, expire);
  }

  get peer(): string {
    return this.caller.peer;
  }

  get deadline(): number {
    return this.caller.deadline;
  }

  /** The load that a handler records is accepted and discarded. */
  get metricsRecorder(): MetricsRecorder {
    return new LoadReport().recorder;
  }

  // --- for the caller ---------------------------------------------------------------------------------------------

  /** Begins the call; results may arrive synchronously. */
  start(): void {
    this.run(this.call);
  }

  /** The number of requests that the handler has not taken yet. */
  get waiting(): number {
    return this.requests.length;
  }

  /** `onTaken` is called when the handler takes the message, and never if the call ends first. */
  push(bytes: Buffer, onTaken: () => void = () => {}): void {
    const { maxMessageBytes: most } = this.options;
    if (this.over || this.complete !== 'no') return;
    if (bytes.byteLength > most) {
      this.answer(
        Code.RESOURCE_EXHAUSTED,
        `the request is too large: ${bytes.byteLength} bytes, more than ${most}`,
      );
      return;
    }
    this.requests.push({ bytes, onTaken });
    this.deliver();
  }

  halfClose(): void {
    if (this.complete === 'no') this.complete = 'yes';
    this.deliver();
  }

  cancel(): void {
    if (!this.close()) return;
    const { clock } = this.options;
    const ending = endingOfAbandoned({
      deadline: this.deadline,
      now: clock.now(),
      connectionLost: false,
      cancelled: true,
    });
    this.call.finish(ending);
    this.caller.onEnd({ code: ending.code, details: ending.message, metadata: null });
  }

  // --- for the server ---------------------------------------------------------------------------------------------

  readMetadata(): Metadata {
    return this.caller.metadata;
  }

  read(): void {
    this.wanted++;
    this.deliver();
  }

  sendHeaders(metadata = new Metadata(), _compression?: unknown, requestId?: string): void {
    if (this.over) return;
    if (requestId !== undefined) metadata.set(REQUEST_ID_HEADER, requestId);
    this.caller.onHeaders(metadata);
  }

  sendMessage(bytes: Buffer, onTaken: () => void): void {
    const { maxMessageBytes: most } = this.options;
    if (this.over) return;
    // Asynchronous, because the sender updates its accounting after sending.
    if (bytes.byteLength <= most) this.caller.onMessage(bytes, () => queueMicrotask(onTaken));
    else
      this.answer(
        Code.RESOURCE_EXHAUSTED,
        `the response is too large: ${bytes.byteLength} bytes, more than ${most}`,
      );
  }

  sendStatus(status: CallStatus): void {
    if (!this.close()) return;
    const ending: WireOutcome = {
      code: status.code,
      message: status.code === Code.OK ? '' : status.details,
      cause: 'status',
    };
    this.caller.onEnd(status);
    // Asynchronous, because the sender has not finished with it yet.
    setImmediate(() => this.call.finish(ending));
  }

  breakOff({ code, message }: StatusError): void {
    this.sendStatus({ code, details: message, metadata: null });
  }

  /** Answers instead of the handler. */
  private answer(code: Code, message: string): void {
    if (!this.close()) return;
    this.caller.onEnd({ code, details: message, metadata: null });
    this.call.answeredByWire(code, message);
    this.call.finish({ code, message, cause: 'status' });
  }

  private deliver(): void {
    while (this.wanted > 0 && !this.over) {
      const next = this.requests.shift();
      if (!next) break;
      this.wanted--;
      next.onTaken();
      this.call.messageArrived(next.bytes);
    }
    if (this.complete !== 'yes' || this.requests.length > 0 || this.over) return;
    this.complete = 'told';
    this.call.halfClosed();
  }

  private close(): boolean {
    if (this.over) return false;
    this.over = true;
    this.requests.length = 0;
    this.cancelDeadline();
    return true;
  }
}
