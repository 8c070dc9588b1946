import type { AdminRoute } from '../access/route.js';
import { configurationView, type ReadConfiguration } from './configuration-view.js';
import type { EventLoopWatch } from './event-loop-watch.js';
import type { LogLevelOverride } from './log-level.js';
import { statusView, type StatusParts } from './status-view.js';

/** The sources of the process's state. */
export interface ProcessRoutesParts {
  readonly status: StatusParts;
  readonly loop: EventLoopWatch;
  readonly configuration: ReadConfiguration;
  readonly logLevel: LogLevelOverride;
}

/** `/statusz`, `/configz` and `/loglevel`. */
export function processRoutes({ status, loop, configuration, logLevel }: ProcessRoutesParts): AdminRoute[] {
  return [
    { method: 'GET', path: '/statusz', needs: 'reading', handle: () => statusView(status, loop) },
    {
      method: 'GET',
      path: '/configz',
      needs: 'reading',
      query: ['key'],
      handle: ({ query }) => configurationView(configuration, query.get('key') ?? undefined),
    },
    { method: 'GET', path: '/loglevel', needs: 'reading', handle: () => logLevel.answer },
    {
      method: 'PUT',
      path: '/loglevel',
      needs: 'token',
      handle: async ({ body }) => logLevel.set(await body()),
    },
    {
      method: 'DELETE',
      path: '/loglevel',
      needs: 'token',
      handle: () => logLevel.revert('it was taken back'),
    },
  ];
}
