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

/** Remembers how the last streams of a connection closed, in a kilobyte. */
export class ClosedStreams {
  // An entry is the id of a stream without its lowest bit, with how it closed in the lowest two.
  private entries: Uint32Array | undefined;

  add(streamId: number, how: ClosedHow): void {
    this.entries ??= new Uint32Array(REMEMBERED);
    this.entries[(streamId >>> 1) & (REMEMBERED - 1)] = ((streamId >>> 1) << 2) | how;
  }

  how(streamId: number): ClosedHow {
    const entry = this.entries?.[(streamId >>> 1) & (REMEMBERED - 1)] ?? 0;
    return entry >>> 2 === streamId >>> 1 ? ((entry & 3) as ClosedHow) : Closed.unknown;
  }
}
