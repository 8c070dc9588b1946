import type { Metadata } from '@grpc/grpc-js';
import type { CallStatus } from '../../server/call/wire-call.js';
import type { LocalCall, LocalCallListener } from '../../server/port/local-call.js';
import type { CollectedAnswer } from '../answers/calling.js';
import { shownEntries } from './call-request.js';
import { shownStatus, type CheckedCall } from './check-call.js';

/** Limits of the kept answers. */
export interface CollectLimits {
  /** Beyond this number the call is cancelled. */
  readonly maxMessages: number;
  /** Of their JSON together, in characters; what goes beyond is counted and left out. */
  readonly maxCharacters: number;
}

/** A call whose result is collected and returned when it is over. */
export class CollectedCall implements LocalCallListener {
  readonly peer: string;
  readonly metadata: Metadata;
  readonly deadline: number;
  /** Settles when the call is over. */
  readonly answer: Promise<CollectedAnswer>;
  private settle!: (answer: CollectedAnswer) => void;
  private call: LocalCall | undefined;
  private readonly messages: unknown[] = [];
  private headers: CollectedAnswer['headers'] = [];
  private characters = 0;
  private leftOut = 0;
  private enough = false;
  private readonly startedAt = performance.now();

  constructor(
    peer: string,
    private readonly prepared: CheckedCall,
    private readonly limits: CollectLimits,
  ) {
    this.peer = peer;
    ({ metadata: this.metadata, deadline: this.deadline } = prepared);
    this.answer = new Promise((settle) => (this.settle = settle));
  }

  /** Makes the call with its complete request. */
  begin(call: LocalCall): void {
    this.call = call;
    call.start();
    for (const message of this.prepared.messages) call.push(this.prepared.method.encode(message));
    call.halfClose();
  }

  cancel(): void {
    this.call?.cancel();
  }

  onHeaders(metadata: Metadata): void {
    this.headers = shownEntries(metadata);
  }

  onMessage(bytes: Buffer, taken: () => void): void {
    if (this.enough) return;
    if (this.messages.length + this.leftOut >= this.limits.maxMessages) {
      this.enough = true;
      // Not from within its own message.
      setImmediate(() => this.cancel());
      return;
    }
    this.keep(bytes);
    taken();
  }

  onEnd(status: CallStatus): void {
    const { rpc, requestId } = this.prepared;
    this.settle({
      method: rpc.path,
      kind: rpc.kind,
      requestId,
      ...shownStatus(status),
      messages: this.messages,
      ...(this.leftOut > 0 && { messagesLeftOut: this.leftOut }),
      ...(this.enough && { cancelled: true as const }),
      headers: this.headers,
      trailers: shownEntries(status.metadata),
      durationMs: Math.round((performance.now() - this.startedAt) * 1000) / 1000,
    });
  }

  private keep(bytes: Buffer): void {
    let message: unknown;
    try {
      message = this.prepared.method.decode(bytes);
    } catch (cause) {
      message = { unreadable: cause instanceof Error ? cause.message : 'no such message' };
    }
    const { length } = JSON.stringify(message);
    if (this.characters + length > this.limits.maxCharacters) {
      this.leftOut++;
      return;
    }
    this.characters += length;
    this.messages.push(message);
  }
}
