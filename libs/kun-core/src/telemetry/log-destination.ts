import pino from 'pino';

/** Where log lines go: each is whole, with its line feed. */
export interface LogDestination {
  write(line: string): void;
  /** Settles when all lines written so far have left the process. */
  flush?(): Promise<void>;
  /** The same without an event loop: called when the process exits. */
  flushSync?(): void;
  /** Lines given up because nobody took them. */
  readonly dropped?: number;
}

export interface StreamDestinationOptions {
  /** File descriptor. Default: 1, standard output */
  fd?: number;
  /** How long a line may wait for others before all are handed to the system, in milliseconds. Default: 10 */
  batchMs?: number;
  /**
   * What may wait, in bytes, when the reader of the log stalls. Beyond it lines are dropped and counted, since a
   * service must outlive its log. Default: 64 MiB
   */
  maxBufferedBytes?: number;
}

const DEFAULT_BATCH_MS = 10;
const DEFAULT_MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

/** Lines are encoded into chunks of this size. */
const CHUNK_BYTES = 64 * 1024;

/** The most bytes that UTF-8 needs for one unit of a JavaScript string. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Writes lines to a file descriptor without ever blocking the event loop: a write that blocks would let a stalled log
 * collector stop every call. The lines of a few milliseconds go out in one write, which makes a line many times cheaper
 * than one system call each.
 *
 * Nothing is lost at exit, `process.exit()` and an uncaught exception included, though a write in flight then may land
 * behind the last lines. SIGKILL and an abort of the process can cost the lines of the last `batchMs`.
 */
export class StreamDestination implements LogDestination {
  dropped = 0;
  private chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  /** What of the chunk was handed over, and how far it is filled. */
  private handedOver = 0;
  private filled = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly batchMs: number;
  private readonly stream: ByteStream;

  constructor(options: StreamDestinationOptions = {}) {
    this.batchMs = options.batchMs ?? DEFAULT_BATCH_MS;
    const stream = pino.destination({
      dest: options.fd ?? 1,
      sync: false,
      contentMode: 'buffer',
      // With 0, its default, SonicBoom's flush does not wait.
      minLength: 1,
      maxLength: options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
    });
    stream.on('drop', (batch: Uint8Array) => (this.dropped += linesIn(batch)));
    this.stream = stream as unknown as ByteStream;
    process.on('exit', this.flushSync);
  }

  write(line: string): void {
    const mostBytes = line.length * MAX_BYTES_PER_UNIT;
    if (this.filled + mostBytes > this.chunk.length) this.nextChunk(mostBytes);
    this.filled += this.chunk.write(line, this.filled);
    // Kept alive by nothing: the lines of a process that has no more to do go out in its exit event.
    this.timer ??= setTimeout(this.handOver, this.batchMs).unref();
  }

  /** Never rejects: what could not be written cannot be logged either. */
  flush(): Promise<void> {
    this.handOver();
    return new Promise((resolve) => this.stream.flush(() => resolve()));
  }

  /** Takes part in the process's exit no more, after a last flush. */
  async close(): Promise<void> {
    await this.flush();
    process.off('exit', this.flushSync);
  }

  readonly flushSync = (): void => {
    // With a write in flight the rest queues behind it; without one, the write must not start one.
    this.stream.sync = true;
    this.handOver();
    this.stream.flushSync();
  };

  private readonly handOver = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.filled === this.handedOver) return;
    const batch = this.chunk.subarray(this.handedOver, this.filled);
    this.handedOver = this.filled;
    this.stream.write(batch);
  };

  private nextChunk(atLeast: number): void {
    this.handOver();
    this.chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, atLeast));
    this.handedOver = 0;
    this.filled = 0;
  }
}

/** pino's SonicBoom in its mode for bytes, which its declarations do not know. */
interface ByteStream {
  sync: boolean;
  write(bytes: Uint8Array): boolean;
  flush(done: () => void): void;
  flushSync(): void;
}

function linesIn(batch: Uint8Array): number {
  let lines = 0;
  for (const byte of batch) if (byte === LINE_FEED) lines++;
  return lines;
}

const LINE_FEED = 10;
