/** Enough for the frames of most turns of a connection. */
const SMALL_BYTES = 4 * 1024;
/** The next size, if it is not. */
const LARGE_BYTES = 32 * 1024;
/** How many buffers of each size the pool keeps. */
const KEPT = { small: 256, large: 32 };

/**
 * Buffers for frames, reused once the socket is done with them, so that responses need no allocation. One pool serves
 * all connections of a process.
 */
export class BufferPool {
  private readonly small: Buffer[] = [];
  private readonly large: Buffer[] = [];

  /** A small buffer, or a large one if a small one was not enough. */
  take(large: boolean): Buffer {
    const kept = (large ? this.large : this.small).pop();
    return kept ?? Buffer.allocUnsafeSlow(large ? LARGE_BYTES : SMALL_BYTES);
  }

  /** Returns a buffer that is no longer read. */
  giveBack(buffer: Buffer): void {
    const [kept, most] = buffer.length === SMALL_BYTES ? [this.small, KEPT.small] : [this.large, KEPT.large];
    if (kept.length < most) kept.push(buffer);
  }
}
