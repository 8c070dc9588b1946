/** How a stream was closed, which determines how later frames on it are treated. */
export const Closed = {
  /** Not remembered. */
  unknown: 0,
  /** Both sides sent END_STREAM. */
  ended: 1,
  /** The peer reset it. */
  resetByPeer: 2,
  /** Reset by this side: frames that the peer sent before it knew are ignored. */
  resetByUs: 3,
} as const;

export type ClosedHow = (typeof Closed)[keyof typeof Closed];

/** A power of two; the number of streams that a busy connection closes while frames are in flight. */
const REMEMBERED = 256;
/** Enough for most connections; an array this small is stored in V8's own heap, without a separate buffer. */
const FIRST_PLACES = 16;

/** Remembers how the last streams of a connection were closed, in at most a kilobyte. */
export class ClosedStreams {
  // An entry is the stream id without its lowest bit, with the kind of closing in the lowest two bits.
  private entries: Uint32Array | undefined;

  add(streamId: number, how: ClosedHow): void {
    let entries = (this.entries ??= new Uint32Array(FIRST_PLACES));
    while (entries.length < REMEMBERED && isTaken(entries, streamId)) entries = this.grow(entries);
    entries[placeOf(streamId, entries)] = ((streamId >>> 1) << 2) | how;
  }

  how(streamId: number): ClosedHow {
    const { entries } = this;
    const entry = entries?.[placeOf(streamId, entries)] ?? 0;
    return entry >>> 2 === streamId >>> 1 ? ((entry & 3) as ClosedHow) : Closed.unknown;
  }

  private grow(entries: Uint32Array): Uint32Array {
    const larger = new Uint32Array(entries.length * 2);
    // Entries in different places stay in different places when the table grows.
    for (const entry of entries) if (entry !== 0) larger[(entry >>> 2) & (larger.length - 1)] = entry;
    this.entries = larger;
    return larger;
  }
}

/** Whether another stream is remembered where this one would be. */
function isTaken(entries: Uint32Array, streamId: number): boolean {
  const entry = entries[placeOf(streamId, entries)] ?? 0;
  return entry !== 0 && entry >>> 2 !== streamId >>> 1;
}

/** Ids of one side are all odd or all even, and increase. */
function placeOf(streamId: number, { length }: Uint32Array): number {
  return (streamId >>> 1) & (length - 1);
}
