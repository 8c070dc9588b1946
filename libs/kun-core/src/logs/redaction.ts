import { readRedactionPath } from '../grammar/redaction-path.js';

/**
 * Fields whose values must not be logged, by their path in the message, such as `user.password`: array elements and map
 * values are traversed. `**.password` is a field of that name at any depth.
 */
export type RedactionPath = string;

/** Which fields below a place in a message are masked. */
export interface Redaction {
  /** Whether this field is masked. */
  masks(field: string): boolean;
  /** The redaction within the field. */
  within(field: string): Redaction;
}

/** @throws {TypeError} when a path is malformed. */
export function redaction(paths: readonly RedactionPath[]): Redaction {
  const anywhere = new Set<string>();
  const root = new Place(anywhere);
  for (const path of paths) {
    const reading = readRedactionPath(path);
    if ('problem' in reading) throw new TypeError(`${JSON.stringify(path)} ${reading.problem}`);
    if ('anywhere' in reading) anywhere.add(reading.anywhere);
    else root.add(reading.fields);
  }
  return root;
}

class Place implements Redaction {
  private readonly masked = new Set<string>();
  private readonly places = new Map<string, Place>();
  private nothing: Place | undefined;

  constructor(private readonly anywhere: ReadonlySet<string>) {}

  add([field = '', ...rest]: readonly string[]): void {
    if (rest.length === 0) {
      this.masked.add(field);
      return;
    }
    let place = this.places.get(field);
    if (!place) this.places.set(field, (place = new Place(this.anywhere)));
    place.add(rest);
  }

  masks(field: string): boolean {
    return this.masked.has(field) || this.anywhere.has(field);
  }

  within(field: string): Redaction {
    const place = this.places.get(field);
    if (place) return place;
    if (this.places.size === 0 && this.masked.size === 0) return this;
    return (this.nothing ??= new Place(this.anywhere));
  }
}
