import { BASELINE, type Contender } from './contenders.js';
import type { Sample } from './measure.js';
import type { MemorySample } from './measure-memory.js';
import type { Scenario } from './scenarios.js';
import { spreadOf, type Spread } from './statistics.js';

/** What was measured of a contender under one scenario, by process. */
export interface Measured<S = Sample> {
  readonly contender: Contender;
  readonly samples: readonly S[];
}

/** The table of a scenario that holds what does nothing. */
export function memoryTable(scenario: Scenario, measured: ReadonlyArray<Measured<MemorySample>>): string {
  const [one] = measured.flatMap(({ samples }) => samples);
  const spreadOver = (samples: readonly MemorySample[], of: (sample: MemorySample) => number) =>
    spreadOf(samples.map(of));
  const rssOf = ({ rssKiBEach }: MemorySample) => rssKiBEach;
  const heapOf = ({ heapKiBEach }: MemorySample) => heapKiBEach;
  const baseline = measured.find(({ contender }) => contender.id === BASELINE);
  const ratio = (samples: readonly MemorySample[], of: (sample: MemorySample) => number) =>
    baseline
      ? `${(spreadOver(samples, of).median / spreadOver(baseline.samples, of).median).toFixed(2)}x`
      : '-';
  const rows = measured.map(({ contender, samples }) => {
    const rss = spreadOver(samples, rssOf);
    return [
      `${contender.id}  ${contender.title}`,
      figure(rss.median),
      range(rss),
      ratio(samples, rssOf),
      figure(spreadOver(samples, heapOf).median),
      ratio(samples, heapOf),
      figure(spreadOver(samples, ({ rssMiB }) => rssMiB).median),
    ];
  });
  const against = `vs ${BASELINE}`;
  const header = ['', 'RSS KiB each', 'range', against, 'heap KiB each', against, 'RSS MiB in all'];
  return [`${scenario.title} (${one?.held ?? 0} of them)`, ...aligned([header, ...rows])].join('\n');
}

/** The table of one scenario. */
export function table(scenario: Scenario, measured: readonly Measured[]): string {
  const { unit } = scenario;
  const header = [
    '',
    `CPU us/${unit}`,
    'range',
    'of it system',
    `vs ${BASELINE}`,
    `${unit}s/s`,
    'range',
    'p50 ms',
    'p99 ms',
    'RSS MiB',
    'server busy',
    'load busy',
  ];
  const spreadOver = (samples: readonly Sample[], of: (sample: Sample) => number) =>
    spreadOf(samples.map(of));
  const baseline = measured.find(({ contender }) => contender.id === BASELINE);
  const base = baseline && spreadOver(baseline.samples, ({ cpuUs }) => cpuUs).median;
  const rows = measured.map(({ contender, samples }) => {
    const cpu = spreadOver(samples, ({ cpuUs }) => cpuUs);
    const rate = spreadOver(samples, ({ unitsPerSecond }) => unitsPerSecond);
    const median = (of: (sample: Sample) => number) => figure(spreadOver(samples, of).median);
    return [
      `${contender.id}  ${contender.title}`,
      figure(cpu.median),
      range(cpu),
      median(({ systemCpuUs }) => systemCpuUs),
      base === undefined ? '-' : `${(cpu.median / base).toFixed(2)}x`,
      figure(rate.median),
      range(rate),
      median(({ p50Ms }) => p50Ms),
      median(({ p99Ms }) => p99Ms),
      median(({ rssMiB }) => rssMiB),
      `${median(({ serverBusy }) => serverBusy * 100)}%`,
      `${median(({ loadBusy }) => loadBusy * 100)}%`,
    ];
  });
  return [
    `${scenario.title} (${load(scenario)})`,
    ...aligned([header, ...rows]),
    ...comparisons(measured),
  ].join('\n');
}

function load({ connections, inFlight, unit }: Scenario): string {
  const calls = connections * inFlight;
  return `${calls} calls in flight on ${connections} connections; figures per ${unit}`;
}

function comparisons(measured: readonly Measured[]): string[] {
  const median = ({ samples }: Measured) => spreadOf(samples.map(({ cpuUs }) => cpuUs)).median;
  return measured.flatMap((one) => {
    const other = measured.find(({ contender }) => contender.id === one.contender.against);
    if (!other) return [];
    return [`${one.contender.id} vs ${other.contender.id}: ${(median(one) / median(other)).toFixed(3)}x CPU`];
  });
}

/** Three significant digits, and no point where they say enough without one. */
function figure(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return value.toPrecision(3);
}

function range({ lowest, highest }: Spread): string {
  return `${figure(lowest)}..${figure(highest)}`;
}

/** The first column to the left, numbers to the right. */
function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
