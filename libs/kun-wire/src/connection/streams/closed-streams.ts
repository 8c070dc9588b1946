/** How a stream closed, as far as later frames of it are concerned. */
export const Closed = {
  /** Not among those remembered. */
  unknown: 0,
  /** Both sides said END_STREAM. */
  ended: 1,
  /** The peer reset it. */
  resetByPeer: 2,
  /** We reset it: what the peer sent before it knew is to be ignored. */
  resetByUs: 3,
} as const;

export type ClosedHow = (typeof Closed)[keyof typeof Closed];

/** A power of two; the streams that a busy connection closes while frames are under way. */
const REMEMBERED = 256;
/** Enough for most connections; so few live in V8's own heap, without a separate buffer. */
const FIRST_PLACES = 16;

/** Remembers how the last streams of a connection closed, in a kilobyte at most. */
export class ClosedStreams {
  // An entry is the id of a stream without its lowest bit, with how it closed in the lowest two.
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
    // Places of different entries stay different where there are more of them.
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

/** Ids of one side are all odd or all even, and go up. */
function placeOf(streamId: number, { length }: Uint32Array): number {
  return (streamId >>> 1) & (length - 1);
}
