import type { CallsAnswer, FailedCall, MethodName, Side } from './calls.js';
import type { ChannelsAnswer, ConfigAnswer, LogLevelAnswer, StatusAnswer } from './process.js';

/** The last step of a method's series. */
export interface SeriesPoint extends MethodName {
  readonly side: Side;
  readonly upstream?: string;
  readonly rate: number;
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/**
 * What `GET /events` (server-sent events) sends, by the event's name; the data is JSON. All of them come at once to a new
 * reader; then each one that has changed, checked every two seconds however many readers there are.
 *
 * Eight readers at most: one more is answered 503. A reader that does not take what is sent is dropped; `EventSource`
 * comes back by itself.
 */
export interface PageEvents {
  readonly status: StatusAnswer;
  /** Without the series: those are sent whole to a new reader, and then by {@link PageEvents.points}. */
  readonly calls: Pick<CallsAnswer, 'at' | 'inFlight'>;
  /** The series as they are when the reader comes. */
  readonly recent: CallsAnswer['recent'];
  /** When a step is over: its numbers, of all methods that were called in it. Others had none. */
  readonly points: { readonly until: number; readonly methods: readonly SeriesPoint[] };
  readonly channels: ChannelsAnswer;
  /** Those that a reader has not been sent, the latest first. */
  readonly errors: { readonly errors: readonly FailedCall[] };
  readonly loglevel: LogLevelAnswer;
  /** Only when it has been read anew; what it is at first is at `/configz`. */
  readonly config: Pick<ConfigAnswer, 'hash'>;
}
