import type { CallsAnswer, FailedCall, MethodSeries, RecentCallsAnswer } from '../src/admin/answers/calls.js';
import type { PageEvents, SeriesPoint } from '../src/admin/answers/events.js';
import type { ChannelsAnswer, LogLevelAnswer, StatusAnswer } from '../src/admin/answers/process.js';

/** The number of failures that the page keeps. */
const KEPT_ERRORS = 384;

/** Everything that `GET /events` has reported so far. */
export interface LiveState {
  /** `lost`: the browser is reconnecting, and everything else is in its last known state. */
  readonly connection: 'connecting' | 'live' | 'lost';
  readonly status?: StatusAnswer;
  readonly inFlight?: CallsAnswer['inFlight'];
  readonly recent?: RecentCallsAnswer;
  readonly channels?: ChannelsAnswer['channels'];
  /** The latest first. */
  readonly errors: readonly FailedCall[];
  readonly logLevel?: LogLevelAnswer;
  /** Changes when the configuration has been reloaded. */
  readonly configHash?: string;
}

export const NOTHING_YET: LiveState = { connection: 'connecting', errors: [] };

/** An event of the stream, by its name. */
export type LiveEvent = {
  [E in keyof PageEvents]: { readonly name: E; readonly data: PageEvents[E] };
}[keyof PageEvents];

/** The state after an event. */
export function afterEvent(state: LiveState, { name, data }: LiveEvent): LiveState {
  switch (name) {
    case 'status':
      return { ...state, status: data };
    case 'calls':
      return { ...state, inFlight: data.inFlight };
    case 'recent':
      return { ...state, recent: data };
    case 'points':
      return { ...state, ...(state.recent && { recent: withPoints(state.recent, data) }) };
    case 'channels':
      return { ...state, channels: data.channels };
    case 'errors':
      return { ...state, errors: withErrors(state.errors, data.errors) };
    case 'loglevel':
      return { ...state, logLevel: data };
    case 'config':
  }
  return { ...state, configHash: data.hash };
}

/** Reads the stream until told to stop; the browser reconnects by itself. */
export function watchEvents(onChange: (change: (state: LiveState) => LiveState) => void): () => void {
  const source = new EventSource('events');
  source.addEventListener('open', () => onChange((state) => ({ ...state, connection: 'live' })));
  source.addEventListener('error', () => onChange((state) => ({ ...state, connection: 'lost' })));
  const names: ReadonlyArray<keyof PageEvents> = [
    'status',
    'calls',
    'recent',
    'points',
    'channels',
    'errors',
    'loglevel',
    'config',
  ];
  for (const name of names) {
    source.addEventListener(name, ({ data }: MessageEvent<string>) => {
      const event = { name, data: JSON.parse(data) as unknown } as LiveEvent;
      onChange((state) => afterEvent(state, event));
    });
  }
  return () => source.close();
}

/** Advances every series by one step; methods without calls in it get zeros. */
function withPoints(recent: RecentCallsAnswer, { until, methods }: PageEvents['points']): RecentCallsAnswer {
  if (until <= recent.until) return recent;
  const points = new Map(methods.map((point) => [keyOf(point), point]));
  const length = Math.max(1, ...recent.methods.map(({ rate }) => rate.length));
  const known = recent.methods.map((series) => {
    const point = points.get(keyOf(series));
    points.delete(keyOf(series));
    return longer(series, point);
  });
  const fresh = [...points.values()].map((point) => longer(emptySeries(point, length), point));
  return { ...recent, until, methods: [...known, ...fresh] };
}

function longer(series: MethodSeries, point: SeriesPoint | undefined): MethodSeries {
  return {
    ...series,
    rate: [...series.rate.slice(1), point?.rate ?? 0],
    errors: [...series.errors.slice(1), point?.errors ?? 0],
    p50Ms: [...series.p50Ms.slice(1), point?.p50Ms ?? null],
    p99Ms: [...series.p99Ms.slice(1), point?.p99Ms ?? null],
  };
}

function emptySeries({ method, kind, side, upstream }: SeriesPoint, length: number): MethodSeries {
  const zeros = Array.from({ length }, () => 0);
  const none = Array.from({ length }, () => null);
  return {
    method,
    kind,
    side,
    ...(upstream !== undefined && { upstream }),
    rate: zeros,
    errors: zeros,
    p50Ms: none,
    p99Ms: none,
  };
}

/** What identifies a series. */
export function keyOf({
  side,
  method,
  upstream = '',
}: Pick<MethodSeries, 'side' | 'method' | 'upstream'>): string {
  return `${side} ${upstream} ${method}`;
}

function withErrors(known: readonly FailedCall[], fresh: readonly FailedCall[]): FailedCall[] {
  const seen = new Set(known.map(({ seq }) => seq));
  const all = [...fresh.filter(({ seq }) => !seen.has(seq)), ...known];
  return all.toSorted((a, b) => b.seq - a.seq).slice(0, KEPT_ERRORS);
}
