import { inflateMessage, type Inflated } from '../grpc/inflate-message.js';
import type { MessageEncoding } from '../grpc/message-encoding.js';
import { MessageReader, type MessageSink } from '../grpc/message-reader.js';
import type { InflationQueue } from '../connection/inflation-queue.js';

/** What an inbox asks of its call. */
export interface InboxHost {
  /** Whether somebody waits for a message. */
  demand: boolean;
  readonly encoding: MessageEncoding;
  readonly maxMessageBytes: number;
  readonly inflations: InflationQueue;
  deliver(bytes: Buffer): void;
  /** So many bytes are kept now; false when there was no room for them, and the call is over. */
  held(bytes: number): boolean;
  /** A message that is waited for has so many bytes to come. */
  announced(bytes: number): void;
  /** Everything was handed over; `whole` unless the stream ended within a message. */
  ended(whole: boolean): void;
  refused(why: 'flags' | 'too large' | 'not compressed' | 'malformed' | 'no room'): void;
}

interface Waiting {
  readonly compressed: boolean;
  readonly bytes: Buffer;
}

/** The messages of a request between the wire and their reader: one is handed over each time one is asked for. */
export class MessageInbox implements MessageSink {
  private readonly reader: MessageReader;
  private waiting: Waiting[] | undefined;
  private waitingBytes = 0;
  private inflatedBytes = 0;
  private inflating = false;
  private delivering = false;
  private complete = false;
  private over = false;

  constructor(private readonly host: InboxHost) {
    this.reader = new MessageReader(this, host.maxMessageBytes);
  }

  /** Bytes have come. */
  read(chunk: Buffer, start: number, end: number): void {
    this.reader.read(chunk, start, end);
    this.count();
  }

  /** No more will come. */
  end(): void {
    this.complete = true;
    this.pump();
  }

  /** Drops everything; nothing more is handed over. */
  stop(): void {
    this.over = true;
    this.waiting = undefined;
    this.waitingBytes = 0;
    this.inflatedBytes = 0;
    this.reader.stop();
  }

  /** What is still to come of the message at hand. */
  get leftBytes(): number {
    return this.reader.leftBytes;
  }

  /** Hands over what is asked for and there. */
  pump(): void {
    if (this.delivering) return;
    const { host } = this;
    this.delivering = true;
    while (host.demand && this.waiting !== undefined && !this.inflating && !this.over) {
      const next = this.waiting.shift() as Waiting;
      if (this.waiting.length === 0) this.waiting = undefined;
      this.waitingBytes -= next.bytes.length;
      this.handOver(next.compressed, next.bytes);
    }
    this.delivering = false;
    this.count();
    if (!this.complete || this.waiting !== undefined || this.inflating || this.over) return;
    this.over = true;
    host.ended(!this.reader.partial);
  }

  messageArrived(compressed: boolean, bytes: Buffer, owned: boolean): void {
    const { host } = this;
    if (host.demand && this.waiting === undefined && !this.inflating && !this.delivering) {
      this.delivering = true;
      this.handOver(compressed, bytes);
      this.delivering = false;
      return;
    }
    // A small part of what the socket gave must not keep the whole of it.
    const kept = owned || bytes.length * 2 >= bytes.buffer.byteLength ? bytes : Buffer.from(bytes);
    (this.waiting ??= []).push({ compressed, bytes: kept });
    this.waitingBytes += kept.length;
    if (host.demand) this.pump();
  }

  messageAnnounced(bytes: number): void {
    if (this.host.demand) this.host.announced(bytes);
  }

  messageRefused(why: 'flags' | 'too large'): void {
    this.host.refused(why);
  }

  private handOver(compressed: boolean, bytes: Buffer): void {
    const { host } = this;
    if (compressed) {
      this.inflate(bytes);
      return;
    }
    host.demand = false;
    host.deliver(bytes);
  }

  private inflate(message: Buffer): void {
    const { host } = this;
    const { encoding } = host;
    if (encoding === 'identity') {
      host.refused('not compressed');
      return;
    }
    this.inflating = true;
    const limits = {
      maxMessageBytes: host.maxMessageBytes,
      reserve: (bytes: number): boolean => {
        if (this.over) return false;
        this.inflatedBytes += bytes;
        return this.count();
      },
    };
    host.inflations.run((done) =>
      inflateMessage(encoding, message, limits, (result) => {
        done();
        this.inflated(result);
      }),
    );
  }

  private inflated(result: Inflated): void {
    this.inflating = false;
    this.inflatedBytes = 0;
    if (this.over) return;
    const { host } = this;
    if ('failed' in result) {
      host.refused(result.failed);
      return;
    }
    // Within `handOver` when it was small: whoever called it goes on.
    const nested = this.delivering;
    this.delivering = true;
    host.demand = false;
    host.deliver(result.bytes);
    this.delivering = nested;
    if (!nested) this.pump();
  }

  private count(): boolean {
    return this.over || this.host.held(this.reader.heldBytes + this.waitingBytes + this.inflatedBytes);
  }
}
