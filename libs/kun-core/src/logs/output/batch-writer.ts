import { write, writeSync } from 'node:fs';
import type { Outlet } from './outlet.js';

/** Callbacks of a {@link BatchWriter}. */
export interface BatchWriterOptions {
  /** The rest of a batch was dropped because it could not be written. */
  readonly onRefused: (rest: Uint8Array, error: Error) => void;
  /** Everything has been written. */
  readonly onEmpty: () => void;
}

/** How long to wait before retrying a full pipe, in milliseconds: the first delay, doubled up to the last. */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 50;
/** The delay at exit, when nothing else can be done meanwhile. */
const EXIT_PAUSE_MS = 5;

/**
 * Writes batches of complete lines in order. What the reader has no room for waits; what cannot be written is dropped,
 * and the next batch is tried, since disk space may be freed. If a batch failed in the middle of a line, the next one
 * begins on a new line.
 */
export class BatchWriter {
  /** Bytes waiting, including those being written. */
  waitingBytes = 0;
  /** The first may be in progress, and may be the rest of a batch. */
  private readonly queue: Uint8Array[] = [];
  private inFlight = false;
  private cutInLine = false;
  private torn = false;
  private pause: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private stalledSince: number | undefined;
  private added = 0;
  private removed = 0;
  private readonly flushes: Array<{ readonly after: number; readonly done: () => void }> = [];

  constructor(
    private readonly outlet: Outlet,
    private readonly options: BatchWriterOptions,
  ) {}

  get empty(): boolean {
    return this.queue.length === 0;
  }

  /** Takes ownership of a batch; {@link pump} writes it. */
  add(batch: Uint8Array): void {
    this.queue.push(batch);
    this.waitingBytes += batch.length;
    this.added++;
  }

  /** Writes what there is room for. */
  pump(): void {
    for (let batch = this.queue[0]; batch && !this.inFlight && !this.pause; batch = this.queue[0]) {
      if (this.outlet.nonBlocking) {
        this.writeNow(0, batch, this.wait);
        continue;
      }
      this.inFlight = true;
      write(this.outlet.fd, this.onOwnLine(batch), (error, bytes) => {
        this.inFlight = false;
        if (!error) this.took(0, bytes);
        else if (isFull(error)) this.wait();
        else this.refuse(0, error);
        this.pump();
      });
    }
  }

  /** Resolves when all batches so far are written or dropped. */
  flush(): Promise<void> {
    this.pump();
    return new Promise((done) => {
      if (this.empty) done();
      else this.flushes.push({ after: this.added, done });
    });
  }

  /** Writes synchronously, and drops what a stalled reader has not accepted within `budgetMs`. */
  flushSync(budgetMs: number): void {
    const deadline = (this.stalledSince ?? performance.now()) + budgetMs;
    const first = this.inFlight ? 1 : 0;
    for (let batch = this.queue[first]; batch; batch = this.queue[first]) {
      this.writeNow(first, batch, () => {
        if (performance.now() < deadline) sleep(EXIT_PAUSE_MS);
        else this.refuse(first, new Error('its reader has stalled'));
      });
    }
  }

  private writeNow(index: number, batch: Uint8Array, whenFull: () => void): void {
    let written: number;
    try {
      written = writeSync(this.outlet.fd, this.onOwnLine(batch));
    } catch (error) {
      if (isFull(error)) whenFull();
      else this.refuse(index, error as Error);
      return;
    }
    this.took(index, written);
  }

  private readonly wait = (): void => {
    this.stalledSince ??= performance.now();
    // Does not keep the process alive: what waits is written at exit.
    this.pause = setTimeout(() => {
      this.pause = undefined;
      this.pump();
    }, this.pauseMs).unref();
    this.pauseMs = Math.min(this.pauseMs * 2, LAST_PAUSE_MS);
  };

  private onOwnLine(batch: Uint8Array): Uint8Array {
    return this.torn ? Buffer.concat([Buffer.of(LINE_FEED), batch]) : batch;
  }

  private took(index: number, written: number): void {
    const batch = this.queue[index];
    if (written === 0 || !batch) return;
    const bytes = this.torn ? written - 1 : written;
    this.torn = false;
    this.stalledSince = undefined;
    this.pauseMs = FIRST_PAUSE_MS;
    this.waitingBytes -= bytes;
    this.cutInLine = bytes > 0 && batch[bytes - 1] !== LINE_FEED;
    if (bytes < batch.length) this.queue[index] = batch.subarray(bytes);
    else this.remove(index);
    if (this.empty) this.options.onEmpty();
  }

  private refuse(index: number, error: Error): void {
    const rest = this.queue[index];
    if (!rest) return;
    this.torn ||= this.cutInLine;
    this.cutInLine = false;
    this.waitingBytes -= rest.length;
    this.remove(index);
    this.options.onRefused(rest, error);
  }

  private remove(index: number): void {
    this.queue.splice(index, 1);
    this.removed++;
    while (this.flushes[0] && this.flushes[0].after <= this.removed) this.flushes.shift()?.done();
  }
}

/** No room now, or interrupted by a signal: retry later. */
function isFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EAGAIN' || code === 'EBUSY' || code === 'EINTR';
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const LINE_FEED = 10;
