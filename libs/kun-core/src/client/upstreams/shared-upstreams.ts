import { isDeepStrictEqual } from 'node:util';
import { UpstreamError, type AnyUpstreamOptions, type UpstreamRegistration } from './upstream-options.js';

/** Caches what was created for each upstream, so that all modules that register it share it. */
export class SharedUpstreams<T> {
  private readonly made = new Map<
    string,
    { readonly registration: UpstreamRegistration; readonly value: T }
  >();

  /**
   * Returns what was created for the upstream, calling `make` the first time.
   *
   * @throws {UpstreamError} with both places, when it was registered with different options before.
   */
  get(registration: UpstreamRegistration, make: (options: AnyUpstreamOptions) => T): T {
    const { options, place } = registration;
    const known = this.made.get(options.name);
    if (known) {
      const different = differences(known.registration.options, options);
      if (different.length === 0) return known.value;
      throw new UpstreamError(
        `upstream "${options.name}" is registered twice, with different ${different.join(', ')}: at ${known.registration.place} and at ${place}; make them the same, or give one of them another name`,
      );
    }
    const value = make(options);
    this.made.set(options.name, { registration, value });
    return value;
  }

  /** Returns what was created for the named upstream, if anything. */
  find(name: string): T | undefined {
    return this.made.get(name)?.value;
  }
}

function differences(one: AnyUpstreamOptions, other: AnyUpstreamOptions): string[] {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => !isDeepStrictEqual(Reflect.get(one, key), Reflect.get(other, key)));
}
