/** A line of the log: its number, and what it says but for the identity, which stands in `/statusz`. */
export interface LogEntry {
  /** Increases with each one in this process. */
  readonly seq: number;
  readonly [field: string]: unknown;
}

/**
 * `GET /logz?text=&request_id=&level=&since=&before=&limit=`: the last lines of the log that have `text` anywhere in them,
 * are of `level` or above, younger than `since` seconds, and older than the line of number `before`; the latest first, 100
 * of them or `limit`, 1000 at most.
 */
export interface LogAnswer {
  readonly at: number;
  readonly lines: readonly LogEntry[];
  /** Older lines match as well: ask again with this as `before`. */
  readonly before?: number;
  /** The number of lines kept. */
  readonly kept: number;
}
