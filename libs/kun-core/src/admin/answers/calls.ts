/** A method, as in all answers. */
export interface MethodName {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly kind: 'unary' | 'server_streaming' | 'client_streaming' | 'bidi_streaming';
}

/** `server`: a call taken; `client`: an attempt at a call made to an upstream. */
export type Side = 'server' | 'client';

/** A call in flight. */
export interface CallInFlight extends MethodName {
  readonly side: Side;
  /** The upstream's name; only for outgoing calls. */
  readonly upstream?: string;
  readonly requestId: string;
  /** `address:port` of the other side. */
  readonly peer: string;
  /** When it began, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly ageMs: number;
  /** Milliseconds since the epoch; absent where it has none. */
  readonly deadline?: number;
  /** Messages so far. */
  readonly received: number;
  readonly sent: number;
  /** 1, or more for a repeated attempt of a call made. */
  readonly attempt: number;
  /** `handler`: the call has ended for its caller, and its handler still runs. */
  readonly state: 'open' | 'handler';
}

/**
 * How a method's calls ended, one number for each step of {@link RecentCallsAnswer}, the oldest first. A step without calls
 * has `null` for its durations.
 */
export interface MethodSeries extends MethodName {
  readonly side: Side;
  readonly upstream?: string;
  /** Calls that ended, per second. */
  readonly rate: readonly number[];
  /** Calls among them that did not end with OK, per second. */
  readonly errors: readonly number[];
  /** The median duration in milliseconds, within 5 %. */
  readonly p50Ms: ReadonlyArray<number | null>;
  readonly p99Ms: ReadonlyArray<number | null>;
}

/** Series that end at the same time. */
export interface RecentCallsAnswer {
  readonly stepSeconds: number;
  /** When the last step ended, in milliseconds since the epoch. */
  readonly until: number;
  /** The methods that were called in that time, the busiest first; 200 at most. */
  readonly methods: readonly MethodSeries[];
}

/** `GET /callz`. */
export interface CallsAnswer {
  readonly at: number;
  readonly inFlight: {
    /** The total number, shown or not. */
    readonly server: number;
    readonly client: number;
    /** The oldest first, 200 of each side at most. */
    readonly calls: readonly CallInFlight[];
  };
  readonly recent: RecentCallsAnswer;
}

/** A call that failed. */
export interface FailedCall extends MethodName {
  /** Increases with each one in this process. */
  readonly seq: number;
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly side: Side;
  readonly upstream?: string;
  readonly requestId: string;
  readonly traceId?: string;
  readonly peer: string;
  /** The status code's number and name: `13`, `INTERNAL`. */
  readonly code: number;
  readonly codeName: string;
  /** The message that the caller received. */
  readonly message: string;
  /** The thrown error and its causes, outermost first, without stacks; as in the log line. */
  readonly causes: ReadonlyArray<{ readonly type: string; readonly message: string }>;
  /** What decided the end: see `Ending`. */
  readonly endedBy: 'status' | 'reset' | 'connection';
  readonly durationMs: number;
  readonly attempt: number;
  /** `fault`: a failure of this service or an upstream; `answer`: caused by the caller, such as NOT_FOUND. */
  readonly severity: 'fault' | 'answer';
}

/** `GET /errorz?method=&code=&request_id=&since=`: the latest first; 256 faults and 128 answers are kept. */
export interface ErrorsAnswer {
  readonly at: number;
  readonly errors: readonly FailedCall[];
}
