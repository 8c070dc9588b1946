/** Messages handed to the transport but not yet written when they have to wait: more would only cost memory. */
const WAITING_MESSAGES = 64;
/** Likewise when they do not have to wait: written messages cost only their bytes and go out together. */
const WRITTEN_MESSAGES = 256;
/** The limit in bytes in either case, about HTTP/2's initial stream window (RFC 9113, section 6.9.2). */
const WINDOW_BYTES = 64 * 1024;

/** The call that messages are handed to. */
export interface WindowedCall {
  /** Whether a response would still reach the caller. */
  readonly writable: boolean;
  /** Whether a message sent now has to wait for the caller's flow-control window or for the socket. */
  readonly congested: boolean;
  /** Returns the message's size in bytes; `onFlushed` is called when the transport has written it. */
  send(message: unknown, onFlushed: () => void): number;
}

/**
 * Keeps a window of messages in flight, so that the transport always has something to send but never more than a
 * bounded amount, however slowly the peer reads.
 */
export class ResponseWindow {
  /** Bytes handed over and not yet written by the transport. */
  bytesInFlight = 0;
  private messagesInFlight = 0;
  // The sizes of the messages in flight, oldest first; the transport writes in order.
  private readonly sizes: number[] = [];
  private oldest = 0;
  private resume: (() => void) | undefined;

  constructor(private readonly call: WindowedCall) {}

  get full(): boolean {
    return this.messagesInFlight >= this.mostMessages || this.bytesInFlight >= WINDOW_BYTES;
  }

  /** @throws {StatusError} with INTERNAL when the message does not fit the proto. */
  send(message: unknown): void {
    const bytes = this.call.send(message, this.onFlushed);
    this.messagesInFlight++;
    this.sizes.push(bytes);
    this.bytesInFlight += bytes;
  }

  /** Resolves when there is room again, or when the caller no longer waits. */
  whenOpen(): Promise<void> {
    if (!this.full || !this.call.writable) return Promise.resolve();
    return new Promise((resolve) => (this.resume = resolve));
  }

  /** Wakes a waiting sender so that it notices that the call is over. */
  release(): void {
    const resume = this.resume;
    this.resume = undefined;
    resume?.();
  }

  private get mostMessages(): number {
    return this.call.congested ? WAITING_MESSAGES : WRITTEN_MESSAGES;
  }

  private readonly onFlushed = (): void => {
    this.messagesInFlight--;
    this.bytesInFlight -= this.sizes[this.oldest++] ?? 0;
    if (this.oldest >= WAITING_MESSAGES) {
      this.sizes.splice(0, this.oldest);
      this.oldest = 0;
    }
    // Half a window at a time: waking the sender for each message would defeat the batching.
    if (this.resume && this.messagesInFlight <= this.mostMessages / 2 && this.bytesInFlight < WINDOW_BYTES) {
      this.release();
    }
  };
}
