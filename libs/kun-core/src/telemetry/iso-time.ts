import type { Clock } from '../clock.js';

/**
 * A formatter of times as `toISOString()` has them, for times that come nearly in order: the date is formatted once a
 * second and only the milliseconds are written anew, since formatting a date costs as much as the rest of a log line.
 */
export function isoFormatter(): (epochMs: number) => string {
  let second = Number.NaN;
  let prefix = '';
  return (epochMs) => {
    const time = Math.trunc(epochMs);
    const current = Math.floor(time / 1000);
    if (current !== second) {
      second = current;
      prefix = new Date(current * 1000).toISOString().slice(0, -4);
    }
    const millisecond = time - current * 1000;
    const padding = millisecond < 10 ? '00' : millisecond < 100 ? '0' : '';
    return `${prefix}${padding}${millisecond}Z`;
  };
}

/** The time of a log line as pino wants it: `,"time":"2026-01-31T12:00:00.000Z"`. */
export function isoTime(clock: Pick<Clock, 'now'>): () => string {
  const format = isoFormatter();
  return () => `,"time":"${format(clock.now())}"`;
}
