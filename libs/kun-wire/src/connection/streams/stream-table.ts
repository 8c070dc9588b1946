import type { Http2Stream } from './http2-stream.js';

/** The initial size of a table; a power of two. */
const FIRST_PLACES = 16;

/**
 * The open streams of a connection by id: a hash table with open addressing in one array. With a `Map`, which every
 * call enters and leaves, the tables that it discards keep closed streams alive until later garbage collections, which
 * was nearly half of a small call's cost.
 */
export class StreamTable implements Iterable<Http2Stream> {
  size = 0;
  private places: Array<Http2Stream | undefined> | undefined;

  get(id: number): Http2Stream | undefined {
    const { places } = this;
    if (places === undefined) return undefined;
    const mask = places.length - 1;
    for (let place = placeOf(id, mask); ; place = (place + 1) & mask) {
      const stream = places[place];
      if (stream === undefined || stream.id === id) return stream;
    }
  }

  /** Adds a stream that is not in the table. */
  add(stream: Http2Stream): void {
    let places = (this.places ??= emptyPlaces(FIRST_PLACES));
    // Half of the places stay empty, so that probing ends quickly.
    if ((this.size + 1) * 2 > places.length) places = this.grow(places);
    put(places, stream);
    this.size++;
  }

  delete(id: number): void {
    const { places } = this;
    if (places === undefined) return;
    const mask = places.length - 1;
    let place = placeOf(id, mask);
    for (; places[place]?.id !== id; place = (place + 1) & mask) if (places[place] === undefined) return;
    places[place] = undefined;
    this.size--;
    // Following entries move up towards the place where they are looked for first.
    for (let next = (place + 1) & mask; ; next = (next + 1) & mask) {
      const stream = places[next];
      if (stream === undefined) return;
      const home = placeOf(stream.id, mask);
      if (((next - home) & mask) < ((next - place) & mask)) continue;
      places[place] = stream;
      places[next] = undefined;
      place = next;
    }
  }

  /** A snapshot of the streams; the table may change during iteration. */
  [Symbol.iterator](): Iterator<Http2Stream> {
    const streams: Http2Stream[] = [];
    for (const stream of this.places ?? []) if (stream !== undefined) streams.push(stream);
    return streams.values();
  }

  private grow(places: ReadonlyArray<Http2Stream | undefined>): Array<Http2Stream | undefined> {
    const larger = emptyPlaces(places.length * 2);
    for (const stream of places) if (stream !== undefined) put(larger, stream);
    this.places = larger;
    return larger;
  }
}

/** Ids of one side are all odd or all even, and increase. */
function placeOf(id: number, mask: number): number {
  return (id >>> 1) & mask;
}

function emptyPlaces(count: number): Array<Http2Stream | undefined> {
  return Array.from({ length: count }, () => undefined);
}

function put(places: Array<Http2Stream | undefined>, stream: Http2Stream): void {
  const mask = places.length - 1;
  let place = placeOf(stream.id, mask);
  while (places[place] !== undefined) place = (place + 1) & mask;
  places[place] = stream;
}
