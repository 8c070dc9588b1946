import type { HeaderList } from '../../hpack/header-list.js';
import type { SendItem } from './send-item.js';

/** How a stream ended. */
export type StreamEnding =
  /** Its last frame was handed to the socket, and the socket has taken it. */
  | { readonly how: 'sent' }
  /** It was reset, with a code of RFC 9113, section 7. */
  | { readonly how: 'reset'; readonly code: number; readonly by: 'peer' | 'self' }
  /** Its connection ended. */
  | { readonly how: 'lost'; readonly reason: string };

export const SENT: StreamEnding = { how: 'sent' };

/** A stream as its connection keeps it: windows, what waits to be sent, and which sides have ended. */
export abstract class Http2Stream {
  /** What the peer lets us send. */
  sendWindow: number;
  /** What we let the peer send. */
  receiveWindow: number;
  /** What {@link receiveWindow} is filled up to. */
  windowTarget: number;
  /** Bytes that came and are not handed on. */
  heldBytes = 0;
  /** Whether somebody waits for a message. */
  demand = false;
  /** The peer said END_STREAM. */
  remoteEnded = false;
  /** Our first header block is written. */
  headWritten = false;
  /** Our END_STREAM is written. */
  localEnded = false;
  /** No frame of it counts any more. */
  closed = false;
  /** What waits to be sent, oldest first from {@link firstItem} on; absent while nothing does, as it is for most calls. */
  items: SendItem[] | undefined;
  firstItem = 0;
  /** Whether it is among the streams that wait for their turn. */
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

  /** Tells how it ended; the first time counts. */
  finish(ending: StreamEnding): void {
    if (this.finished) return;
    this.finished = true;
    this.onFinish(ending);
  }

  /** The first that waits to be sent. */
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

  /** Bytes of DATA have come. */
  abstract dataArrived(chunk: Buffer, start: number, end: number): void;
  /** A second header block has come. */
  abstract trailersArrived(list: HeaderList): void;
  /** The peer said END_STREAM, and all that came before was told. */
  abstract endArrived(): void;
  /** The connection ends: the call is to be answered at once, if it can be. */
  abstract shutDown(): void;
  /** Bytes it holds beyond what it may; it gives up all of them. */
  abstract shed(reason: 'unfinished-bytes' | 'unsent-bytes'): void;
  protected abstract onFinish(ending: StreamEnding): void;
}

/** The stream that keeps most, of what came or of what is to be sent; `undefined` when none keeps anything. */
export function heaviestStream(streams: Iterable<Http2Stream>, unsent: boolean): Http2Stream | undefined {
  let heaviest: Http2Stream | undefined;
  let most = 0;
  for (const stream of streams) {
    const bytes = unsent ? stream.unsentBytes : stream.heldBytes;
    if (bytes > most) [heaviest, most] = [stream, bytes];
  }
  return heaviest;
}
