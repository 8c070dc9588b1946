/** `3 ms`, `1.24 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${trimmed(ms, 1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${trimmed(seconds, 2)} s`;
  const parts: ReadonlyArray<readonly [string, number]> = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', Math.floor(seconds) % 60],
  ];
  const first = parts.findIndex(([, count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ');
}

/** `812 B`, `3.4 KiB`, `120 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${trimmed(bytes / 1024 ** power, power === 0 ? 0 : 1)} ${units[power]}`;
}

/** `0.3`, `12.5`, `1 204`. */
export function numberText(value: number): string {
  if (value !== 0 && Math.abs(value) < 100) return trimmed(value, 1);
  return Math.round(value).toLocaleString('en').replaceAll(',', '\u202f');
}

/** `12.5 %` for a share from 0 to 1. */
export function shareText(share: number): string {
  return `${trimmed(share * 100, 1)} %`;
}

/** The time of day, with the date if it is not today. */
export function timeText(at: number, now = Date.now()): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date(now).toDateString()
    ? time
    : `${date.toISOString().slice(0, 10)} ${time}`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
