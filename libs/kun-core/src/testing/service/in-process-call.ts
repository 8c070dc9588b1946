import { Metadata, status as Code, type ChannelInterface, type StatusObject } from '@grpc/grpc-js';
import type { CallStatus } from '../../server/call/wire-call.js';
import type { KunGrpcServer } from '../../server/port/grpc-server.js';
import type { LocalCall, LocalCallListener } from '../../server/port/local-call.js';

type ChannelCall = ReturnType<ChannelInterface['createCall']>;
type Listener = Parameters<ChannelCall['start']>[1];

/** What a call needs. */
export interface InProcessCallParts {
  readonly server: Pick<KunGrpcServer, 'callLocally'>;
  /** Runs the server's side of the call. */
  readonly run: (work: () => void) => void;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Milliseconds since the epoch; `Infinity` for none. */
  readonly deadline: number;
}

/** The number of requests not yet read by the handler from which on a writing stream is told to wait. */
const MAX_WAITING = 16;

/** Connects the call of a grpc-js client with kun's server. */
export class InProcessCall implements ChannelCall, LocalCallListener {
  readonly peer = 'in-process';
  readonly deadline: number;
  metadata = new Metadata();
  private listener: Listener | undefined;
  private local: LocalCall | undefined;
  private headers: Metadata | undefined;
  private messages: Array<{ readonly bytes: Buffer; readonly taken: () => void }> = [];
  private status: StatusObject | undefined;
  private wanted = 0;
  private delivering: 'no' | 'soon' | 'over' = 'no';

  constructor(private readonly parts: InProcessCallParts) {
    ({ deadline: this.deadline } = parts);
  }

  // --- for the client ---------------------------------------------------------------------------------------------

  start(metadata: Metadata, listener: Listener): void {
    this.metadata = metadata.clone();
    this.listener = listener;
    const { server, run, path } = this.parts;
    const local = server.callLocally(path, this);
    if (!local) return this.onEnd({ code: Code.UNAVAILABLE, details: NOT_SERVED, metadata: null });
    this.local = local;
    run(() => local.start());
  }

  sendMessageWithContext(context: Parameters<ChannelCall['sendMessageWithContext']>[0], bytes: Buffer): void {
    const written = () => process.nextTick(() => context.callback?.());
    const { local } = this;
    if (!local || this.status) return written();
    const waits = local.waiting >= MAX_WAITING;
    this.parts.run(() => local.push(bytes, waits ? written : undefined));
    if (!waits) written();
  }

  halfClose(): void {
    this.parts.run(() => this.local?.halfClose());
  }

  startRead(): void {
    this.wanted++;
    this.deliverSoon();
  }

  cancelWithStatus(code: Code, details: string): void {
    if (this.status) return;
    this.messages = [];
    this.onEnd({ code, details, metadata: null });
    this.local?.cancel();
  }

  getPeer(): string {
    return this.peer;
  }

  getCallNumber(): number {
    return 0;
  }

  /** Call credentials require a secure connection. */
  setCredentials(): void {}

  getAuthContext(): null {
    return null;
  }

  // --- for the server ---------------------------------------------------------------------------------------------

  onHeaders(metadata: Metadata): void {
    this.headers = metadata;
    this.deliverSoon();
  }

  onMessage(bytes: Buffer, taken: () => void): void {
    this.messages.push({ bytes, taken });
    this.deliverSoon();
  }

  onEnd({ code, details, metadata }: CallStatus): void {
    this.status ??= { code, details, metadata: metadata ?? new Metadata() };
    this.deliverSoon();
  }

  /** Never synchronously within the request or the send, since a network would not either. */
  private deliverSoon(): void {
    if (this.delivering !== 'no') return;
    this.delivering = 'soon';
    queueMicrotask(() => {
      this.delivering = 'no';
      this.deliver();
    });
  }

  private deliver(): void {
    const { listener, headers } = this;
    this.headers = undefined;
    if (headers) listener?.onReceiveMetadata(headers);
    while (this.wanted > 0) {
      const message = this.messages.shift();
      if (!message) break;
      this.wanted--;
      listener?.onReceiveMessage(message.bytes);
      message.taken();
    }
    if (!this.status || this.messages.length > 0) return;
    this.delivering = 'over';
    listener?.onReceiveStatus(this.status);
  }
}

const NOT_SERVED = 'the service in this process is not running, or has no such method';
