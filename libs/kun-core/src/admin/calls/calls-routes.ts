import type { Upstreams } from '../../client/upstreams/upstreams.js';
import { codeName } from '../../status/code.js';
import { badRequest } from '../access/refusal.js';
import type { AdminRoute } from '../access/route.js';
import type { CallsAnswer, ErrorsAnswer } from '../answers/calls.js';
import type { ChannelEntry, ChannelsAnswer } from '../answers/process.js';
import { callsInFlight, failedCall, recentSeries, type CallsParts } from './calls-view.js';

/** What is known of calls and of the channels that they go over. */
export interface CallsRoutesParts extends CallsParts {
  readonly upstreams: Pick<Upstreams, 'all'>;
}

/** Addresses that no call has gone to for so long are not shown. */
const ADDRESS_SHOWN_MS = 5 * 60_000;

/** `/callz`, `/errorz` and `/channelz`. */
export function callsRoutes(parts: CallsRoutesParts): AdminRoute[] {
  return [
    { method: 'GET', path: '/callz', needs: 'reading', handle: () => callsAnswer(parts) },
    { method: 'GET', path: '/errorz', needs: 'reading', handle: ({ query }) => errorsAnswer(parts, query) },
    { method: 'GET', path: '/channelz', needs: 'reading', handle: () => channelsAnswer(parts) },
  ];
}

function callsAnswer(parts: CallsParts): CallsAnswer {
  return { at: parts.clock.now(), inFlight: callsInFlight(parts), recent: recentSeries(parts) };
}

/** @throws {Refusal} for a filter that filters nothing. */
function errorsAnswer({ clock, recent }: CallsParts, query: URLSearchParams): ErrorsAnswer {
  for (const name of query.keys()) {
    if (!FILTERS.has(name)) throw badRequest(`errors are found by ${[...FILTERS].join(', ')}`);
  }
  const since = Number(query.get('since') ?? 0);
  if (!Number.isSafeInteger(since)) throw badRequest('since is the seq of an error');
  const [method, code, requestId] = [query.get('method'), query.get('code'), query.get('request_id')];
  const errors = recent.failures
    .since(since)
    .map((failure) => failedCall(failure))
    .filter(
      (failed) =>
        (method === null || failed.method === method || failed.method.endsWith(`/${method}`)) &&
        (code === null || failed.codeName === code.toUpperCase() || String(failed.code) === code) &&
        (requestId === null || failed.requestId === requestId),
    );
  return { at: clock.now(), errors };
}

const FILTERS: ReadonlySet<string> = new Set(['method', 'code', 'request_id', 'since']);

/** What `/channelz` answers. */
export function channelsAnswer({ clock, recent, upstreams }: CallsRoutesParts): ChannelsAnswer {
  const now = clock.now();
  return {
    at: now,
    channels: upstreams.all.map((upstream): ChannelEntry => {
      const side = recent.client(upstream.name);
      const { unreached } = side;
      return {
        name: upstream.name,
        target: upstream.target,
        state: upstream.state(),
        addresses: [...side.addresses].filter(([, at]) => now - at < ADDRESS_SHOWN_MS).map(([name]) => name),
        tls: upstream.secure,
        inFlight: side.open.size,
        ...(unreached && { lastError: { ...unreached, code: codeName(unreached.code) } }),
      };
    }),
  };
}
