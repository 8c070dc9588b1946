/** Messages handed to the transport and not yet taken by it, where they have to wait: more would only cost memory. */
const WAITING_MESSAGES = 64;
/** The same where they do not: they are written, cost their bytes alone, and go out together. */
const WRITTEN_MESSAGES = 256;
/** The same in bytes, in either case: HTTP/2's initial window of a stream (RFC 9113, section 6.9.2), about. */
const WINDOW_BYTES = 64 * 1024;

/** Where messages are handed over. */
export interface WindowedCall {
  /** Whether an answer would still reach somebody. */
  readonly writable: boolean;
  /** Whether what is sent now has to wait, for the caller's window or for the socket. */
  readonly congested: boolean;
  /** Says how many bytes the message has; `onFlushed` is called when the transport has taken it. */
  send(message: unknown, onFlushed: () => void): number;
}

/**
 * Keeps a window of messages in flight, so that the transport always has something to send and never more than a
 * bounded amount, however slowly the peer reads.
 */
export class ResponseWindow {
  /** Bytes handed over and not yet taken by the transport. */
  bytesInFlight = 0;
  private messagesInFlight = 0;
  // The sizes of what is in flight, oldest first; the transport takes messages in order.
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

  /** Settles when there is room again, or when nobody waits for the answer any more. */
  whenOpen(): Promise<void> {
    if (!this.full || !this.call.writable) return Promise.resolve();
    return new Promise((resolve) => (this.resume = resolve));
  }

  /** Lets a waiting sender go on, to see that the call is over. */
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
    // Half a window at a time: waking the sender for each message would undo the batch.
    if (this.resume && this.messagesInFlight <= this.mostMessages / 2 && this.bytesInFlight < WINDOW_BYTES) {
      this.release();
    }
  };
}
