import type { Outcome } from './run-attack.ts';

/** What is promised of a normal caller while others attack. */
const P99_MS = 250;
const LIVEZ_MS = 1000;
const GROWTH_MIB = 64;
/** Lines of the log a second: of three kinds at most 20 each, and some of the caller's own that are counted late. */
const LINES_PER_SECOND = 80;

const COLUMNS = [
  'attack',
  'p99 of a normal call',
  '`/livez`, longest',
  'memory grew by',
  'CPU of the attack',
  'CPU before it',
  'connections cut',
  'refused',
  'lines a second',
] as const;

/** A table in Markdown. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.attack.name,
    `${outcome.p99Ms.toFixed(0)} ms`,
    `${outcome.livezMaxMs.toFixed(0)} ms`,
    `${outcome.growthMiB.toFixed(0)} MiB`,
    outcome.cpuShare.toFixed(2),
    outcome.calmCpuShare.toFixed(2),
    `${outcome.cut} of ${outcome.made}`,
    [...outcome.refusals].map(([what, count]) => `${count} ${what.split(' ')[1]}`).join(', ') || '-',
    outcome.linesPerSecond.toFixed(0),
  ]);
  return [COLUMNS, COLUMNS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What was promised and is not so. */
export function failuresOf(outcome: Outcome): string[] {
  const { attack, p99Ms, livezMaxMs, growthMiB, cpuShare, linesPerSecond, stderr } = outcome;
  const bounds: ReadonlyArray<readonly [met: boolean, text: string]> = [
    [
      outcome.failures.length === 0,
      `${outcome.failures.length} of ${outcome.calls} failed: ${outcome.failures[0]}`,
    ],
    [p99Ms < P99_MS, `p99 is ${p99Ms.toFixed(0)} ms, ${P99_MS} at most`],
    [livezMaxMs < LIVEZ_MS, `/livez took ${livezMaxMs.toFixed(0)} ms, ${LIVEZ_MS} at most`],
    [
      growthMiB <= (attack.growthMiB ?? GROWTH_MIB),
      `${growthMiB.toFixed(0)} MiB more, ${attack.growthMiB ?? GROWTH_MIB} at most`,
    ],
    [
      cpuShare <= (attack.cpuShare ?? Infinity),
      `${cpuShare.toFixed(2)} of a core, ${attack.cpuShare} at most`,
    ],
    [
      linesPerSecond <= LINES_PER_SECOND,
      `${linesPerSecond.toFixed(0)} lines a second, ${LINES_PER_SECOND} at most`,
    ],
    [!attack.cut || outcome.cut > 0, 'no connection was cut'],
    [
      attack.refused.length === 0 || attack.refused.some((what) => outcome.refusals.has(what)),
      `nothing is counted of ${attack.refused.join(', ')}`,
    ],
    [stderr === '', `standard error has ${stderr.slice(0, 200)}`],
  ];
  return bounds.flatMap(([met, text]) => (met ? [] : [`${attack.name}: ${text}`]));
}
