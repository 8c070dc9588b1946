import type { Clock } from '../clock.js';

/**
 * The time of a log line as pino wants it: `,"time":"2026-01-31T12:00:00.000Z"`.
 *
 * A date is formatted once a second and only the milliseconds are written anew: `toISOString()` for each line costs
 * several times as much.
 */
export function isoTime(clock: Pick<Clock, 'now'>): () => string {
  let second = Number.NaN;
  let prefix = '';
  return () => {
    const now = Math.trunc(clock.now());
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      prefix = `,"time":"${new Date(current * 1000).toISOString().slice(0, -4)}`;
    }
    const millisecond = now - current * 1000;
    const padding = millisecond < 10 ? '00' : millisecond < 100 ? '0' : '';
    return `${prefix}${padding}${millisecond}Z"`;
  };
}
