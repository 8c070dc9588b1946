import { z } from 'zod';
import { routePatternProblem } from '../grammar/route-name.js';
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

function checkPattern({ value, issues }: z.core.ParsePayload<string>): void {
  const problem = routePatternProblem(value);
  if (problem !== undefined) issues.push({ code: 'custom', input: value, message: problem });
}
