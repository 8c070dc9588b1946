import type { LivingConnection } from '../connection/living-connection.js';
import { FieldKind, kindOf } from '../connection/streams/field-kind.js';
import { Http2Stream, type StreamEnding } from '../connection/streams/http2-stream.js';
import { ErrorCode } from '../frames/error-code.js';
import { acceptsEncoding, deflateMessage, type MessageEncoding } from '../grpc/message-encoding.js';
import { StatusCode } from '../grpc/status.js';
import type { HeaderList } from '../hpack/header-list.js';
import { Timer } from '../process/timers.js';
import type { CallListener, CallRefusal, IncomingCall, ServedConnection } from './incoming-call.js';
import { type InboxHost, MessageInbox } from './message-inbox.js';
import { describeProblem, type MessageProblem } from './message-problem.js';
import type { RequestHead } from './request-head.js';
import type { RequestHeaders } from './request-headers.js';
import { headFields, type Metadata, refusalFields, statusFields } from './response-fields.js';

/** Smaller messages grow when compressed, or shrink only a little. */
const COMPRESSED_BYTES = 1024;

/** Both sides run a timer for the same instant, and the caller's may fire first. */
const EXPIRY_RACE_MS = 50;

/** A call on its stream: the wire's side of {@link IncomingCall}. */
export class ServerStream extends Http2Stream implements IncomingCall, InboxHost {
  readonly deadline: number;
  private listener: CallListener | undefined;
  private readonly inbox: MessageInbox;
  private timer: Timer | undefined;
  private contentBytes = 0;
  private headSent = false;
  private answerEncoding: MessageEncoding = 'identity';
  private answer: { readonly code: number; readonly message: string } | undefined;

  constructor(
    id: number,
    readonly connection: LivingConnection & ServedConnection,
    private readonly head: RequestHead,
  ) {
    super(id, connection.peerSettings.initialWindowBytes, connection.receive.initialBytes);
    this.windowTarget = connection.limits.streamWindowBytes;
    this.inbox = new MessageInbox(this);
    const { timeoutMs } = head;
    this.deadline = timeoutMs === Infinity ? Infinity : connection.process.clock.now() + timeoutMs;
  }

  get path(): string {
    return this.head.path;
  }

  get headers(): RequestHeaders {
    return this.head.headers;
  }

  get authority(): string {
    return this.head.authority;
  }

  get refusal(): CallRefusal | undefined {
    return this.head.refusal;
  }

  get writable(): boolean {
    return this.answer === undefined && !this.closed;
  }

  get congested(): boolean {
    return this.items !== undefined;
  }

  get encoding(): RequestHead['encoding'] {
    return this.head.encoding;
  }

  get maxMessageBytes(): number {
    return this.connection.limits.maxMessageBytes;
  }

  get process(): LivingConnection['process'] {
    return this.connection.process;
  }

  /** Passes the call to its listener, or refuses it. */
  begin(onCall: (call: IncomingCall) => CallListener): void {
    const { refusal, timeoutMs } = this.head;
    if (refusal !== undefined) {
      this.answer = refusal;
      this.listener = onCall(this);
      this.inbox.stop();
      this.connection.scheduler.sendHeaders(this, refusalFields(refusal), true);
      return;
    }
    if (timeoutMs !== Infinity) {
      this.timer = new Timer(() =>
        this.answerByWire(StatusCode.DEADLINE_EXCEEDED, 'the deadline has passed'),
      );
      this.connection.process.timers.arm(this.timer, timeoutMs);
    }
    this.listener = onCall(this);
  }

  read(): void {
    if (this.closed || this.answer !== undefined) return;
    this.demand = true;
    this.inbox.pump();
    // Reading makes room for more.
    if (this.remoteEnded || this.closed) return;
    if (this.demand) this.announced(this.inbox.leftBytes);
    this.connection.guarded(() => this.connection.receive.topUp(this));
  }

  sendHeaders(metadata?: Metadata, encoding: MessageEncoding = 'identity'): void {
    if (this.headSent || !this.writable) return;
    const accepted = acceptsEncoding(this.headers.get('grpc-accept-encoding'), encoding);
    const fields = headFields(metadata, accepted ? encoding : 'identity');
    if (accepted) this.answerEncoding = encoding;
    this.headSent = true;
    this.connection.scheduler.sendHeaders(this, fields, false);
  }

  sendMessage(bytes: Uint8Array, onTaken?: () => void): void {
    if (!this.writable) return;
    if (!this.headSent) this.sendHeaders();
    const { answerEncoding } = this;
    const { scheduler } = this.connection;
    if (answerEncoding === 'identity' || bytes.length < COMPRESSED_BYTES) {
      scheduler.sendMessage(this, 0, bytes, onTaken);
      return;
    }
    const item = scheduler.sendLater(this, bytes, onTaken);
    deflateMessage(answerEncoding, bytes, (compressed) =>
      scheduler.complete(this, item, compressed === undefined ? 0 : 1, compressed ?? bytes),
    );
  }

  sendStatus(code: number, message = '', trailers?: Metadata): void {
    if (!this.writable) return;
    const fields = statusFields(code, message, trailers, !this.headSent);
    this.answer = { code, message };
    this.stopReading();
    this.connection.scheduler.sendHeaders(this, fields, true);
  }

  reset(code: number): void {
    if (this.closed) return;
    this.connection.guarded(() => this.connection.reset(this, code));
  }

  override dataArrived(chunk: Buffer, start: number, end: number): void {
    this.contentBytes += end - start;
    const { contentLength } = this.head;
    if (contentLength >= 0 && this.contentBytes > contentLength) {
      this.connection.streamError(this.id, ErrorCode.PROTOCOL_ERROR, 'more DATA than content-length');
      return;
    }
    if (this.answer === undefined) this.inbox.read(chunk, start, end);
  }

  /** gRPC clients send none; they are checked and dropped. */
  override trailersArrived({ fields }: HeaderList): void {
    const wrong = fields.some((field) => {
      const kind = kindOf(field);
      return kind >= FieldKind.malformed && kind <= FieldKind.status;
    });
    if (!wrong) return;
    this.connection.streamError(this.id, ErrorCode.PROTOCOL_ERROR, 'malformed trailers');
  }

  override endArrived(): void {
    const { contentLength } = this.head;
    if (contentLength >= 0 && this.contentBytes !== contentLength) {
      this.connection.streamError(this.id, ErrorCode.PROTOCOL_ERROR, 'less DATA than content-length');
    } else if (this.answer === undefined) {
      this.inbox.end();
    }
  }

  override shutDown(): void {
    this.answerByWire(StatusCode.UNAVAILABLE, 'the server is shutting down');
  }

  override shed(reason: 'unfinished-bytes' | 'unsent-bytes'): void {
    const message =
      reason === 'unsent-bytes'
        ? 'too many bytes of responses wait for this caller'
        : 'too many bytes of requests are unfinished';
    this.connection.refused(reason, message, 'stream');
    if (this.answer !== undefined) this.reset(ErrorCode.ENHANCE_YOUR_CALM);
    else this.answerByWire(StatusCode.RESOURCE_EXHAUSTED, message);
  }

  deliver(bytes: Buffer): void {
    this.listener?.onMessage(bytes);
  }

  held(bytes: number): boolean {
    this.connection.receive.held(this, this.closed ? 0 : bytes);
    return this.answer === undefined && !this.closed;
  }

  announced(bytes: number): void {
    const { connection } = this;
    if (bytes > this.receiveWindow) connection.guarded(() => connection.receive.grant(this, bytes));
  }

  ended(whole: boolean): void {
    if (whole) this.listener?.onHalfClose();
    else this.answerByWire(StatusCode.INTERNAL, 'the request ended within a message');
  }

  refused(why: MessageProblem): void {
    const { code, text, reason } = describeProblem(why, this.maxMessageBytes);
    if (reason !== undefined) this.connection.refused(reason, text, 'stream');
    this.answerByWire(code, text);
  }

  /** Whether a reset now looks like an expired deadline: near the deadline, and not immediate. */
  expiredAt(nowMs: number): boolean {
    const { deadline, head } = this;
    return deadline - nowMs <= EXPIRY_RACE_MS && nowMs - (deadline - head.timeoutMs) >= head.timeoutMs / 2;
  }

  protected override onFinish(ending: StreamEnding): void {
    this.stopReading();
    const { answer, listener } = this;
    if (ending.how !== 'sent') listener?.onEnd(ending);
    else if (answer !== undefined) {
      if (answer.code === StatusCode.OK) this.connection.guard.callAnswered();
      listener?.onEnd({ how: 'status', ...answer });
    }
  }

  /** Answers in place of the call's listener, which is notified. Messages waiting to be sent are dropped. */
  private answerByWire(code: number, message: string): void {
    if (this.answer !== undefined || this.closed) return;
    const { scheduler } = this.connection;
    scheduler.drop(this);
    const fields = statusFields(code, message, undefined, !this.headWritten);
    this.answer = { code, message };
    this.stopReading();
    scheduler.sendHeaders(this, fields, true);
    this.listener?.onAnswered(code, message);
  }

  private stopReading(): void {
    this.inbox.stop();
    if (this.heldBytes > 0) this.connection.receive.held(this, 0);
    if (this.timer !== undefined) this.connection.process.timers.disarm(this.timer);
  }
}
