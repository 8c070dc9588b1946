import type { Clock } from '../../clock.js';
import { LINE_LEVELS } from '../../logs/application-logger.js';
import type { RecentLines } from '../../recent/recent-lines.js';
import { badRequest } from '../access/http-error.js';
import type { AdminRoute } from '../access/route.js';
import type { LogAnswer, LogEntry } from '../answers/logs.js';

/** The sources of log lines. */
export interface LogParts {
  readonly clock: Clock;
  readonly lines: RecentLines;
}

/** Filters for log lines. */
export interface LogQuery {
  readonly text?: string | undefined;
  readonly requestId?: string | undefined;
  /** The lowest level, one of {@link LINE_LEVELS}. */
  readonly level?: string | undefined;
  /** The maximum age of a line, in seconds. */
  readonly sinceSeconds?: number | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** `/logz`, when lines are kept. */
export function logRoutes(parts: LogParts): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/logz',
      needs: 'reading',
      query: ['text', 'request_id', 'level', 'since', 'before', 'limit'],
      handle: ({ query }) => logAnswer(parts, readQuery(query)),
    },
  ];
}

/** The answer of `/logz`. */
export function logAnswer({ clock, lines }: LogParts, { sinceSeconds, ...query }: LogQuery): LogAnswer {
  const at = clock.now();
  const since = sinceSeconds === undefined ? undefined : new Date(at - sinceSeconds * 1000).toISOString();
  const found = lines.find({ ...query, since });
  const last = found.lines.at(-1);
  return {
    at,
    lines: found.lines.map(({ seq, fields }) => withoutIdentity(seq, fields)),
    ...(found.more && last && { before: last.seq }),
    kept: lines.size,
  };
}

/** The fields that every line has. */
const IDENTITY: ReadonlySet<string> = new Set([
  'domain',
  'namespace',
  'cluster',
  'service',
  'instance',
  'version',
]);

function withoutIdentity(seq: number, fields: Readonly<Record<string, unknown>>): LogEntry {
  return { seq, ...Object.fromEntries(Object.entries(fields).filter(([name]) => !IDENTITY.has(name))) };
}

/** @throws {HttpError} when a filter is not valid. */
function readQuery(query: URLSearchParams): LogQuery {
  const level = query.get('level') ?? undefined;
  if (level !== undefined && !LINE_LEVELS.some((known) => known === level)) {
    throw badRequest(`level is one of ${LINE_LEVELS.join(', ')}`);
  }
  return {
    text: query.get('text') ?? undefined,
    requestId: query.get('request_id') ?? undefined,
    level,
    sinceSeconds: numberOf(query, 'since', 'a number of seconds'),
    before: numberOf(query, 'before', 'the seq of a line'),
    limit: Math.min(numberOf(query, 'limit', 'a number of lines') ?? DEFAULT_LIMIT, MAX_LIMIT),
  };
}

function numberOf(query: URLSearchParams, name: string, what: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,12}$/.test(text)) throw badRequest(`${name} is ${what}`);
  return Number(text);
}
