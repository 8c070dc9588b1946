import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.js';
import { HttpError } from '../access/http-error.js';

/** An event, made once for all who read. */
export interface PageEvent {
  readonly name: string;
  /** JSON, on one line. */
  readonly data: string;
}

/** What readers are sent. */
export interface EventSource {
  /** To a new reader: all there is. */
  whole(): Promise<readonly PageEvent[]>;
  /** To all others: what has changed since this was asked last. */
  news(): Promise<readonly PageEvent[]>;
  /** Nobody reads any more. */
  idle(): void;
}

/** How often it is looked for news, in milliseconds. */
export const INTERVAL_MS = 2000;
const MAX_READERS = 8;
/** What a reader may leave untaken: a few minutes of a busy service. */
const MAX_UNTAKEN_BYTES = 512 * 1024;
/** So that a proxy does not take a quiet stream for a dead one. */
const QUIET_TICKS = 7;

/**
 * Sends server-sent events to readers. News are looked for and written down once, however many read, and only while
 * somebody does. A reader that does not take what it is sent (a laptop asleep, a tab in the background) is dropped, since
 * Node would keep it all in memory; a browser comes back by itself.
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

  /** @throws {HttpError} when as many read as may. */
  async add(response: ServerResponse): Promise<void> {
    if (this.stopped || this.readers.size >= MAX_READERS) {
      throw new HttpError(503, `${MAX_READERS} readers of /events are all there may be; close one`, {
        'Retry-After': '10',
      });
    }
    this.readers.add(response);
    response.once('close', () => this.leave(response));
    // Not heard, it would be an error of the process.
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

  /** Ends all streams; there will be no other. */
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
