import type { Metadata } from '@grpc/grpc-js';
import { NO_ROUTES, type Routes } from '../rpc/call-values.js';
import { routeNameProblem, routePatternProblem } from '../grammar/route-name.js';
import { MAX_ROUTES_BYTES, routeBytes, routeValueProblem } from './route-limits.js';

/**
 * Why allowed metadata did not become a route: `value`, it is too long or not printable; `repeated`, it has several
 * values; `name`, the name matched by a wildcard cannot be sent; `total`, there are too many routes.
 */
export type DropReason = 'value' | 'repeated' | 'name' | 'total';

/** Called with metadata that was dropped, by the allow-list entry that it matches. */
export type OnDrop = (entry: string, reason: DropReason) => void;

/** The names of metadata that are propagated from incoming to outgoing calls, as written in the configuration. */
export class RouteAllowList {
  private readonly names: Array<{ readonly key: string; readonly name: string }> = [];
  private readonly prefixes: string[] = [];

  /** @throws {TypeError} when an entry is no name of a route, nor the beginning of one with a `*`. */
  constructor(readonly entries: readonly string[]) {
    for (const entry of entries) {
      const problem = routePatternProblem(entry);
      if (problem !== undefined) throw new TypeError(`the allow-list's ${JSON.stringify(entry)} ${problem}`);
      const key = entry.toLowerCase();
      if (key.endsWith('*')) this.prefixes.push(key.slice(0, -1));
      else if (!this.names.some((known) => known.key === key)) this.names.push({ key, name: entry });
    }
  }

  get empty(): boolean {
    return this.entries.length === 0;
  }

  /** The routes among the metadata: names spelt as in the list, those matched by a wildcard in lower case. */
  read(metadata: Metadata, onDrop: OnDrop): Routes {
    const found: Array<[string, string]> = [];
    let bytes = 0;
    const take = (entry: string, name: string, values: readonly unknown[]): void => {
      const [value] = values;
      if (value === undefined) return;
      if (values.length > 1) return onDrop(entry, 'repeated');
      if (typeof value !== 'string' || routeValueProblem(value) !== undefined) return onDrop(entry, 'value');
      bytes += routeBytes(name, value);
      if (bytes > MAX_ROUTES_BYTES) return onDrop(entry, 'total');
      found.push([name, value]);
    };
    for (const { key, name } of this.names) take(name, name, metadata.get(key));
    if (this.prefixes.length > 0) {
      for (const key of Object.keys(metadata.getMap())) {
        const prefix = this.prefixes.find((each) => key.startsWith(each));
        if (prefix === undefined || this.names.some((known) => known.key === key)) continue;
        if (routeNameProblem(key) !== undefined) onDrop(`${prefix}*`, 'name');
        else take(`${prefix}*`, key, metadata.get(key));
      }
    }
    return found.length === 0 ? NO_ROUTES : Object.freeze(Object.fromEntries(found));
  }
}
