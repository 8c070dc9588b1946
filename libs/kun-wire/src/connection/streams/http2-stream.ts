import type { HeaderList } from '../../hpack/header-list.js';
import type { SendItem } from './send-item.js';

/** How a stream ended. */
export type StreamEnding =
  /** Its last frame was written, and the socket has accepted it. */
  | { readonly how: 'sent' }
  /** It was reset, with a code from RFC 9113, section 7. */
  | { readonly how: 'reset'; readonly code: number; readonly by: 'peer' | 'self' }
  /** Its connection ended. */
  | { readonly how: 'lost'; readonly reason: string };

export const SENT: StreamEnding = { how: 'sent' };

/** A stream as seen by its connection: windows, what waits to be sent, and which sides have ended. */
export abstract class Http2Stream {
  /** How much may be sent. */
  sendWindow: number;
  /** How much the peer may send. */
  receiveWindow: number;
  /** The size to which {@link receiveWindow} is replenished. */
  windowTarget: number;
  /** Bytes received but not delivered. */
  heldBytes = 0;
  /** Whether a message is requested. */
  demand = false;
  /** The peer sent END_STREAM. */
  remoteEnded = false;
  /** The first local header block is written. */
  headWritten = false;
  /** The local END_STREAM is written. */
  localEnded = false;
  /** Its frames have no effect any more. */
  closed = false;
  /** What waits to be sent, oldest first from {@link firstItem} on; absent while nothing does, as for most calls. */
  items: SendItem[] | undefined;
  firstItem = 0;
  /** Whether it is in the queue of streams that wait for their turn. */
  queued = false;
  private finished = false;

  constructor(
    readonly id: number,
    sendWindow: number,
    receiveWindow: number,
  ) {
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.windowTarget = receiveWindow;
  }

  /** Reports how it ended; only the first call counts. */
  finish(ending: StreamEnding): void {
    if (this.finished) return;
    this.finished = true;
    this.onFinish(ending);
  }

  /** The first item that waits to be sent. */
  get nextItem(): SendItem | undefined {
    return this.items?.[this.firstItem];
  }

  /** Bytes that wait to be sent. */
  get unsentBytes(): number {
    let bytes = 0;
    const { items } = this;
    if (items === undefined) return 0;
    for (let index = this.firstItem; index < items.length; index++) bytes += items[index]?.unsentBytes ?? 0;
    return bytes;
  }

  /** Bytes of DATA have arrived. */
  abstract dataArrived(chunk: Buffer, start: number, end: number): void;
  /** A second header block has arrived. */
  abstract trailersArrived(list: HeaderList): void;
  /** The peer sent END_STREAM, and everything before it was reported. */
  abstract endArrived(): void;
  /** The connection ends: the call must be answered immediately, if possible. */
  abstract shutDown(): void;
  /** Releases all bytes it holds, since a limit was exceeded. */
  abstract shed(reason: 'unfinished-bytes' | 'unsent-bytes'): void;
  protected abstract onFinish(ending: StreamEnding): void;
}

/** The stream that holds the most bytes, received or to be sent; `undefined` if none holds any. */
export function heaviestStream(streams: Iterable<Http2Stream>, unsent: boolean): Http2Stream | undefined {
  let heaviest: Http2Stream | undefined;
  let most = 0;
  for (const stream of streams) {
    const bytes = unsent ? stream.unsentBytes : stream.heldBytes;
    if (bytes > most) [heaviest, most] = [stream, bytes];
  }
  return heaviest;
}
