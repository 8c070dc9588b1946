import { ownCopy } from '../frames/own-copy.js';
import { ByteGatherer } from '../grpc/byte-gatherer.js';
import { type Inflated, inflateMessage, type MessageEncoding } from '../grpc/message-encoding.js';
import { MessageReader, type MessageSink, PREFIX_BYTES } from '../grpc/message-reader.js';
import type { WireProcess } from '../process/wire-process.js';
import type { MessageProblem } from './message-problem.js';

/** What an inbox needs from its call. */
export interface InboxHost {
  /** Whether a message is requested. */
  demand: boolean;
  readonly encoding: MessageEncoding;
  readonly maxMessageBytes: number;
  readonly process: Pick<WireProcess, 'inflations' | 'turns'>;
  deliver(bytes: Buffer): void;
  /** Reports how many bytes are held; returns false if there was no room for them, and the call is over. */
  held(bytes: number): boolean;
  /** Reports how many bytes of a requested message are still missing. */
  announced(bytes: number): void;
  /** Everything was delivered; `whole` unless the stream ended within a message. */
  ended(whole: boolean): void;
  refused(why: MessageProblem): void;
}

/**
 * Buffers the messages of a request until their reader requests them, one at a time. At most one message is assembled
 * ahead; bytes after it are kept as received, since a thousand empty messages cost more than their bytes.
 */
export class MessageInbox implements MessageSink {
  private reader: MessageReader | undefined;
  private backlog: ByteGatherer | undefined;
  private waiting: Buffer | undefined;
  private waitingCompressed = false;
  private inflatedBytes = 0;
  private inflating = false;
  private pumping = false;
  private complete = false;
  private over = false;

  constructor(private readonly host: InboxHost) {}

  /** Bytes have arrived. */
  read(chunk: Buffer, start: number, end: number): void {
    if (this.over) return;
    if (this.backlog === undefined && this.open) {
      this.pumping = true;
      const at = this.reading().read(chunk, start, end);
      this.pumping = false;
      if (at < end && !this.over) this.keep(chunk, at, end);
      this.pump();
    } else {
      this.keep(chunk, start, end);
      this.count();
    }
  }

  /** No more bytes will arrive. */
  end(): void {
    this.complete = true;
    this.pump();
  }

  /** Drops everything; nothing more is delivered. */
  stop(): void {
    this.over = true;
    this.waiting = undefined;
    this.backlog = undefined;
    this.inflatedBytes = 0;
    this.reader?.stop();
  }

  /** How much of the current message is still missing. */
  get leftBytes(): number {
    return this.reader?.leftBytes ?? 0;
  }

  /** Delivers what has been requested and has arrived. */
  pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (!this.over && !this.inflating && this.step());
    this.pumping = false;
    this.count();
    if (!this.complete || this.over || !this.open || this.backlog !== undefined) return;
    const whole = this.reader?.partial !== true;
    this.over = true;
    this.host.ended(whole);
  }

  messageArrived(compressed: boolean, bytes: Buffer, owned: boolean): boolean {
    if (this.host.demand) {
      this.handOver(compressed, bytes);
      return this.host.demand && this.open;
    }
    // A small part of a socket's chunk must not keep all of it alive.
    this.waiting = owned || bytes.length * 2 >= bytes.buffer.byteLength ? bytes : ownCopy(bytes);
    this.waitingCompressed = compressed;
    return false;
  }

  messageAnnounced(bytes: number): void {
    if (this.host.demand) this.host.announced(bytes);
  }

  messageRefused(why: 'flags' | 'too large'): void {
    this.host.refused(why);
  }

  /** Created by the first bytes: a service may hold many open calls that send nothing. */
  private reading(): MessageReader {
    return (this.reader ??= new MessageReader(this, this.host.maxMessageBytes));
  }

  /** Whether the next message may be assembled. */
  private get open(): boolean {
    return this.waiting === undefined && !this.inflating;
  }

  /** Performs one step of delivery; returns false if nothing can be done. */
  private step(): boolean {
    const { waiting } = this;
    if (waiting !== undefined) {
      if (!this.host.demand) return false;
      this.waiting = undefined;
      this.handOver(this.waitingCompressed, waiting);
      return true;
    }
    const piece = this.backlog?.shift();
    if (piece === undefined) {
      this.backlog = undefined;
      return false;
    }
    const at = this.reading().read(piece, 0, piece.length);
    if (at < piece.length) this.backlog?.unshift(piece.subarray(at));
    return true;
  }

  private keep(chunk: Buffer, start: number, end: number): void {
    (this.backlog ??= new ByteGatherer()).add(chunk, start, end);
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
    this.inflatedBytes = message.length;
    const limits = {
      maxMessageBytes: host.maxMessageBytes,
      reserve: (bytes: number): boolean => {
        if (this.over) return false;
        this.inflatedBytes += bytes;
        return this.count();
      },
    };
    host.process.inflations.run((done) => {
      if (this.over) done();
      else {
        inflateMessage(encoding, message, limits, (result) => {
          // Handlers of large messages take long: a waiting message keeps its place in the queue, so that few are
          // decompressed at a time.
          host.process.turns.soon(() => {
            done();
            this.inflated(result);
          });
        });
      }
    });
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
    // Small messages complete within `pump`, which continues by itself.
    const nested = this.pumping;
    this.pumping = true;
    host.demand = false;
    host.deliver(result.bytes);
    this.pumping = nested;
    this.pump();
  }

  private count(): boolean {
    if (this.over) return false;
    const { waiting, backlog } = this;
    const kept = (waiting === undefined ? 0 : waiting.length + PREFIX_BYTES) + (backlog?.bytes ?? 0);
    return this.host.held((this.reader?.heldBytes ?? 0) + kept + this.inflatedBytes);
  }
}
