import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.js';
import { HttpError } from '../access/http-error.js';

/** An event, encoded once for all readers. */
export interface PageEvent {
  readonly name: string;
  /** JSON, on one line. */
  readonly data: string;
}

/** The source of events. */
export interface EventSource {
  /** All events, for a new reader. */
  whole(): Promise<readonly PageEvent[]>;
  /** The events that have changed since the last call, for all others. */
  news(): Promise<readonly PageEvent[]>;
  /** The last reader has left. */
  idle(): void;
}

/** How often changes are looked for, in milliseconds. */
export const INTERVAL_MS = 2000;
const MAX_READERS = 8;
/** How many bytes a reader may leave unread: a few minutes of a busy service. */
const MAX_UNTAKEN_BYTES = 512 * 1024;
/** Keeps proxies from taking a quiet stream for a dead one. */
const QUIET_TICKS = 7;

/**
 * Sends server-sent events to readers. Changes are looked for and encoded once, however many readers there are, and only
 * while there are any. A reader that does not keep up (a sleeping laptop, a background tab) is dropped, since Node would
 * buffer everything in memory; a browser reconnects by itself.
 */
export class EventHub {
  private readonly readers = new Set<ServerResponse>();
  private cancel: (() => void) | undefined;
  private quiet = 0;
  private stopped = false;

  constructor(
    private readonly source: EventSource,
    private readonly clock: Clock,
  ) {}

  get size(): number {
    return this.readers.size;
  }

  /** @throws {HttpError} when there are too many readers. */
  async add(response: ServerResponse): Promise<void> {
    if (this.stopped || this.readers.size >= MAX_READERS) {
      throw new HttpError(503, `${MAX_READERS} readers of /events are all there may be; close one`, {
        'Retry-After': '10',
      });
    }
    this.readers.add(response);
    response.once('close', () => this.leave(response));
    // Without a listener it would crash the process.
    response.on('error', () => {});
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'X-Accel-Buffering': 'no',
    });
    response.write(`retry: ${INTERVAL_MS}\n\n`);
    const whole = await this.source.whole();
    if (!this.readers.has(response)) return;
    this.send(response, textOf(whole));
    this.cancel ??= this.clock.schedule(INTERVAL_MS, () => void this.tick());
  }

  /** Ends all streams, for good. */
  stop(): void {
    this.stopped = true;
    for (const reader of this.readers) reader.end();
    this.readers.clear();
    this.rest();
  }

  private async tick(): Promise<void> {
    const news = await this.source.news().catch((): readonly PageEvent[] => []);
    if (this.readers.size === 0) return;
    this.quiet = news.length > 0 ? 0 : this.quiet + 1;
    const text = news.length > 0 ? textOf(news) : this.quiet % QUIET_TICKS === 0 ? ': still here\n\n' : '';
    if (text !== '') for (const reader of this.readers) this.send(reader, text);
    if (this.readers.size > 0) this.cancel = this.clock.schedule(INTERVAL_MS, () => void this.tick());
  }

  private send(reader: ServerResponse, text: string): void {
    if (reader.writableLength > MAX_UNTAKEN_BYTES) {
      this.leave(reader);
      reader.destroy();
      return;
    }
    reader.write(text);
  }

  private leave(reader: ServerResponse): void {
    if (this.readers.delete(reader) && this.readers.size === 0) this.rest();
  }

  private rest(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.source.idle();
  }
}

function textOf(events: readonly PageEvent[]): string {
  return events.map(({ name, data }) => `event: ${name}\ndata: ${data}\n\n`).join('');
}
