import { z } from 'zod';
import { routeNameProblem } from '../grammar/route-name.js';
import { setting } from './setting.js';

/** The section `Routing`: the metadata by which a proxy chooses the version of a service. */
export const routingSettings = z.strictObject({
  Allow: setting(z.array(z.string().check(checkPattern)).default([]), {
    description:
      'Names of metadata that travel on from incoming calls to the calls made for them, such as AccountId; x-route-* allows all that begin so. Nothing else is forwarded',
    reload: 'restart',
  }),
});

/** The section `Routing` as validated. */
export type RoutingSettings = z.output<typeof routingSettings>;

/**
 * Says why an entry of `Routing.Allow` cannot be one; `undefined` when it can. A `*` stands at the end only and after a
 * dash or a dot: `*` and `x-*` would forward whatever callers send, keys of theirs included, and `x*` soon means more than
 * was thought of.
 */
export function routePatternProblem(pattern: string): string | undefined {
  if (!pattern.includes('*')) return routeNameProblem(pattern);
  const prefix = pattern.slice(0, -1);
  if (
    !pattern.endsWith('*') ||
    prefix.includes('*') ||
    !/[-._]$/.test(prefix) ||
    /^(?:x-|.)$/i.test(prefix)
  ) {
    return 'has a "*" out of place: it stands at the end, after a name and a dash, as in "x-route-*"';
  }
  return routeNameProblem(prefix);
}

function checkPattern({ value, issues }: z.core.ParsePayload<string>): void {
  const problem = routePatternProblem(value);
  if (problem !== undefined) issues.push({ code: 'custom', input: value, message: problem });
}
