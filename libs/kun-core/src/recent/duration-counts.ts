/** Buckets per power of two: a bucket is 6 % wide, and its middle at most 3 % off. */
const PLACES_PER_OCTAVE = 16;
const BITS = 4;
/** 2^31 µs, 36 minutes; longer durations count as that. */
const MAX_MICROSECONDS = 2 ** 31 - 1;
const PLACES = PLACES_PER_OCTAVE * (31 - BITS + 1);

/**
 * How long calls took, counted in places that grow with the duration, from a microsecond up: finer than the buckets of
 * Prometheus, which begin at 5 ms, at the cost of one count in an array.
 */
export class DurationCounts {
  private readonly counts = new Uint32Array(PLACES);
  private total = 0;

  add(durationMs: number): void {
    const place = placeOf(durationMs);
    this.counts[place] = (this.counts[place] ?? 0) + 1;
    this.total++;
  }

  get size(): number {
    return this.total;
  }

  /** The quantile, 0 to 1, in milliseconds; NaN when there were no calls. */
  quantile(share: number): number {
    if (this.total === 0) return Number.NaN;
    let left = Math.max(1, Math.ceil(share * this.total));
    for (let place = 0; place < PLACES; place++) {
      left -= this.counts[place] ?? 0;
      if (left <= 0) return middleOf(place);
    }
    return middleOf(PLACES - 1);
  }

  clear(): void {
    if (this.total > 0) this.counts.fill(0);
    this.total = 0;
  }
}

function placeOf(durationMs: number): number {
  const us = Math.min(Math.max(0, Math.round(durationMs * 1000)), MAX_MICROSECONDS);
  if (us < PLACES_PER_OCTAVE) return us;
  const shift = 31 - BITS - Math.clz32(us);
  return PLACES_PER_OCTAVE * shift + (us >>> shift);
}

/** In milliseconds. */
function middleOf(place: number): number {
  if (place < PLACES_PER_OCTAVE) return place / 1000;
  const shift = Math.floor(place / PLACES_PER_OCTAVE) - 1;
  const from = (place - PLACES_PER_OCTAVE * shift) * 2 ** shift;
  return (from + 2 ** shift / 2) / 1000;
}
