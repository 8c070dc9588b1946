import type { Upstreams } from '../../client/upstreams/upstreams.js';
import { codeName } from '../../status/code.js';
import { badRequest } from '../access/http-error.js';
import type { AdminRoute } from '../access/route.js';
import type { CallsAnswer, ErrorsAnswer } from '../answers/calls.js';
import type { ChannelEntry, ChannelsAnswer } from '../answers/process.js';
import { callsInFlight, failedCall, recentSeries, type CallsParts } from './calls-view.js';

/** The sources of calls and channels. */
export interface CallsRoutesParts extends CallsParts {
  readonly upstreams: Pick<Upstreams, 'all'>;
}

/** Addresses without a call for this long are not shown. */
const ADDRESS_SHOWN_MS = 5 * 60_000;

/** `/callz`, `/errorz` and `/channelz`. */
export function callsRoutes(parts: CallsRoutesParts): AdminRoute[] {
  return [
    { method: 'GET', path: '/callz', needs: 'reading', handle: () => callsAnswer(parts) },
    {
      method: 'GET',
      path: '/errorz',
      needs: 'reading',
      query: ['method', 'code', 'request_id', 'since'],
      handle: ({ query }) => errorsAnswer(parts, readFilter(query)),
    },
    { method: 'GET', path: '/channelz', needs: 'reading', handle: () => channelsAnswer(parts) },
  ];
}

function callsAnswer(parts: CallsParts): CallsAnswer {
  return { at: parts.clock.now(), inFlight: callsInFlight(parts), recent: recentSeries(parts) };
}

/** Filters for failures. */
export interface ErrorFilter {
  /** Its path, or its name alone. */
  readonly method?: string | undefined;
  /** A status code's name or number. */
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  /** Only those after this number. */
  readonly since?: number | undefined;
}

/** The answer of `/errorz`. */
export function errorsAnswer({ clock, recent }: CallsParts, filter: ErrorFilter): ErrorsAnswer {
  const { method, code, requestId, since } = filter;
  const errors = recent.failures
    .since(since)
    .map((failure) => failedCall(failure))
    .filter(
      (failed) =>
        (method === undefined || isMethod(failed.method, method)) &&
        (code === undefined || failed.codeName === code.toUpperCase() || String(failed.code) === code) &&
        (requestId === undefined || failed.requestId === requestId),
    );
  return { at: clock.now(), errors };
}

/** Whether a text refers to a method, by its path or by its name alone. */
export function isMethod(path: string, meant: string): boolean {
  return path === meant || path.endsWith(`/${meant}`);
}

/** @throws {HttpError} when a filter is not valid. */
function readFilter(query: URLSearchParams): ErrorFilter {
  const since = Number(query.get('since') ?? 0);
  if (!Number.isSafeInteger(since)) throw badRequest('since is the seq of an error');
  return {
    method: query.get('method') ?? undefined,
    code: query.get('code') ?? undefined,
    requestId: query.get('request_id') ?? undefined,
    since,
  };
}

/** The answer of `/channelz`. */
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
