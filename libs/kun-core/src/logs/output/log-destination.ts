import { BatchWriter } from './batch-writer.js';
import { openOutlet, tellStandardError, type Outlet } from './outlet.js';

/** Where log lines are written: each is complete, with its line feed. */
export interface LogDestination {
  write(line: string): void;
  /** Resolves when all lines written so far have left the process or were dropped. */
  flush?(): Promise<void>;
  /** Synchronous flush, called when the process exits. */
  flushSync?(): void;
  /** Lines dropped because nothing read them. */
  readonly dropped?: number;
  /** Calls `listener` with the number of lines that an outage cost, once lines are accepted again. */
  onResumed?(listener: (lostLines: number) => void): void;
}

/** Options of a {@link StreamDestination}. */
export interface StreamDestinationOptions {
  /** File descriptor. Default: 1, standard output */
  readonly fd?: number;
  /** How long lines are batched before they are written, in milliseconds. Default: 10 */
  readonly batchMs?: number;
  /**
   * How many bytes may wait when the reader of the log stalls. Beyond that lines are dropped and counted, because a
   * service must survive a failure of its log. Default: 64 MiB
   */
  readonly maxBufferedBytes?: number;
  /** How long process exit may wait for a stalled reader, in milliseconds. Default: 1000 */
  readonly exitFlushMs?: number;
}

const DEFAULT_BATCH_MS = 10;
const DEFAULT_MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const DEFAULT_EXIT_FLUSH_MS = 1000;

/** The size of the chunks that lines are encoded into. */
const CHUNK_BYTES = 64 * 1024;

/** The maximum number of UTF-8 bytes per UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** The minimum time between warnings on standard error about an intermittent outage. */
const WARN_EVERY_MS = 60_000;

/**
 * Writes lines to a file descriptor without ever blocking the event loop: with blocking writes, a stalled log collector
 * would stop every call. The lines of a few milliseconds go out in one write, which is many times cheaper than one
 * system call per line.
 *
 * Lines that cannot be written (the disk is full, or the reader is gone or stalls for longer than the buffer lasts) are
 * dropped and counted, one warning goes to standard error, and the next lines are tried again.
 *
 * At exit nothing is lost as long as the reader keeps up, including on `process.exit()` and uncaught exceptions, though
 * a pending write to a regular file may land after the last lines. SIGKILL and an abort of the process can lose the
 * lines of the last `batchMs`.
 */
export class StreamDestination implements LogDestination {
  dropped = 0;
  private chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  /** How much of the chunk was handed over, and how much is filled. */
  private handedOver = 0;
  private filled = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Lines dropped since lines were last accepted. */
  private lostLines = 0;
  private warnedAt = -Infinity;
  private resumed: ((lostLines: number) => void) | undefined;
  private readonly fd: number;
  private readonly batchMs: number;
  private readonly maxBufferedBytes: number;
  private readonly exitFlushMs: number;
  private readonly outlet: Outlet;
  private readonly writer: BatchWriter;

  constructor(options: StreamDestinationOptions = {}) {
    this.fd = options.fd ?? 1;
    this.batchMs = options.batchMs ?? DEFAULT_BATCH_MS;
    this.maxBufferedBytes = options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES;
    this.exitFlushMs = options.exitFlushMs ?? DEFAULT_EXIT_FLUSH_MS;
    this.outlet = openOutlet(this.fd);
    this.writer = new BatchWriter(this.outlet, {
      onRefused: (rest, error) => this.lose(linesIn(rest), error),
      onEmpty: () => this.resume(),
    });
    process.on('exit', this.flushSync);
  }

  write(line: string): void {
    if (this.writer.waitingBytes >= this.maxBufferedBytes) {
      this.lose(1, new Error('its reader has stalled'));
      return;
    }
    const mostBytes = line.length * MAX_BYTES_PER_UNIT;
    if (this.filled + mostBytes > this.chunk.length) this.nextChunk(mostBytes);
    this.filled += this.chunk.write(line, this.filled);
    // Does not keep the process alive: remaining lines are written in its exit event.
    this.timer ??= setTimeout(this.handOver, this.batchMs).unref();
  }

  /** Never rejects: what could not be written cannot be logged either. */
  flush(): Promise<void> {
    this.handOver();
    return this.writer.flush();
  }

  onResumed(listener: (lostLines: number) => void): void {
    this.resumed = listener;
  }

  /** Flushes one last time and stops taking part in the process exit. */
  async close(): Promise<void> {
    await this.flush();
    process.off('exit', this.flushSync);
    this.outlet.close();
  }

  readonly flushSync = (): void => {
    this.enqueue();
    this.writer.flushSync(this.exitFlushMs);
  };

  private readonly handOver = (): void => {
    this.enqueue();
    this.writer.pump();
    // Everything is written: the chunk can be refilled.
    if (this.writer.empty) this.handedOver = this.filled = 0;
  };

  private enqueue(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.filled === this.handedOver) return;
    this.writer.add(this.chunk.subarray(this.handedOver, this.filled));
    this.handedOver = this.filled;
  }

  private nextChunk(atLeast: number): void {
    this.handOver();
    if (this.filled === 0 && atLeast <= this.chunk.length) return;
    this.chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, atLeast));
    this.handedOver = this.filled = 0;
  }

  private lose(lines: number, error: Error): void {
    this.dropped += lines;
    this.lostLines += lines;
    const now = performance.now();
    if (this.lostLines > lines || now - this.warnedAt < WARN_EVERY_MS) return;
    this.warnedAt = now;
    const where = this.fd === 1 ? 'standard output' : `file descriptor ${this.fd}`;
    tellStandardError(
      `log lines cannot be written to ${where}: ${error.message}; ` +
        'they are dropped, and counted in kun_log_lines_dropped_total, until it accepts lines again\n',
    );
  }

  private resume(): void {
    const lost = this.lostLines;
    this.lostLines = 0;
    if (lost > 0) this.resumed?.(lost);
  }
}

function linesIn(batch: Uint8Array): number {
  let lines = 0;
  for (const byte of batch) if (byte === LINE_FEED) lines++;
  return lines;
}

const LINE_FEED = 10;
