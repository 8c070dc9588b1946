import { setTimeout as delay } from 'node:timers/promises';
import type { Contender } from './contenders.js';
import { withContest } from './contest.js';
import type { Scenario } from './scenarios.js';
import { spreadOf } from './statistics.js';

/** The memory of a contender while what it holds is replaced over and over. */
export interface ChurnSample {
  readonly replaced: number;
  /** How much the median of the last quarter exceeds that of the second. */
  readonly heapGrownBytes: number;
  readonly rssGrownBytes: number;
  /** Wrong answers, and a heap that grew. */
  readonly faults: readonly string[];
}

export interface ChurnTimes {
  readonly durationMs: number;
  readonly onMark: (line: string) => void;
}

const MARKS = 20;
/** By how much a heap that does not grow varies from one quarter to another. */
const TOLERANCE_BYTES = 4 * 1024 * 1024;
const BYTES_PER_MIB = 1024 * 1024;
/** Connections that are opened or replaced at once. */
const STEP = 200;
/** Lets the server process what was closed before its memory is read. */
const SETTLE_MS = 1000;

/**
 * Has a contender hold the connections or streams of a scenario, and replaces the oldest of them without a pause: half
 * are ended properly, the others lose their connection.
 */
export function churn(contender: Contender, scenario: Scenario, times: ChurnTimes): Promise<ChurnSample> {
  return withContest(contender, scenario, async ({ server, load, target }) => {
    for (let opened = 0; opened < scenario.connections; opened += STEP) {
      await load.ask('hold', { ...target, count: Math.min(STEP, scenario.connections - opened) });
    }
    const begun = performance.now();
    const heaps: number[] = [];
    const sizes: number[] = [];
    let replaced = 0;
    for (let mark = 1; mark <= MARKS; mark++) {
      const due = begun + (mark * times.durationMs) / MARKS;
      do {
        const count = Math.min(STEP, scenario.connections);
        await load.ask('replace', { ...target, count });
        replaced += count * scenario.inFlight;
      } while (performance.now() < due);
      await delay(SETTLE_MS);
      const { rssBytes, heapBytes } = await server.ask('memory');
      heaps.push(heapBytes);
      sizes.push(rssBytes);
      const seconds = Math.round((performance.now() - begun) / 1000);
      times.onMark(
        `${seconds} s: heap ${mib(heapBytes)}, RSS ${mib(rssBytes)} MiB; ${replaced} replaced so far`,
      );
    }
    const { wrong, problems } = await load.ask('release');
    await server.ask('stop');
    await server.exited;
    const heapGrownBytes = grown(heaps);
    const faults = wrong > 0 ? [`${wrong} answers were wrong: ${problems.join('; ')}`] : [];
    if (heapGrownBytes > TOLERANCE_BYTES) faults.push(`the heap grew by ${mib(heapGrownBytes)} MiB`);
    return { replaced, heapGrownBytes, rssGrownBytes: grown(sizes), faults };
  });
}

/** One line for the result of a churn. */
export function churnResult({ title }: Contender, scenario: Scenario, sample: ChurnSample): string {
  const { replaced, heapGrownBytes, rssGrownBytes } = sample;
  const growth = `heap ${mib(heapGrownBytes)} MiB, RSS ${mib(rssGrownBytes)} MiB`;
  return `${title}, ${scenario.title}: ${replaced} replaced; last quarter minus second: ${growth}`;
}

function grown(values: readonly number[]): number {
  return spreadOf(values.slice(-MARKS / 4)).median - spreadOf(values.slice(MARKS / 4, MARKS / 2)).median;
}

function mib(bytes: number): string {
  return (bytes / BYTES_PER_MIB).toFixed(1);
}
