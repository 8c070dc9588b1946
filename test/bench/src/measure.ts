import { setTimeout as delay } from 'node:timers/promises';
import type { Contender } from './contenders.js';
import { withContest, type Verdict } from './contest.js';
import type { Scenario } from './scenarios.js';

/** One process of one contender under one kind of call. Times are per unit: a call, or a message of a stream. */
export interface Sample extends Verdict {
  readonly cpuUs: number;
  /** The part of it that the kernel took. */
  readonly systemCpuUs: number;
  readonly unitsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMiB: number;
  /** The share of a core, 0 to 1, that the server and the load took. */
  readonly serverBusy: number;
  readonly loadBusy: number;
  readonly calls: number;
}

export interface MeasureOptions {
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Where to put a profile of what is measured. Default: none is taken */
  readonly profilePath?: string;
}

const BYTES_PER_MIB = 1024 * 1024;

/** Starts a contender, measures it once warm, and stops it. */
export function measure(
  contender: Contender,
  scenario: Scenario,
  { warmUpMs, measureMs, profilePath }: MeasureOptions,
): Promise<Sample> {
  return withContest(contender, scenario, async ({ server, load, target, end }) => {
    await load.ask('start', target);
    await delay(warmUpMs);
    if (profilePath) await server.ask('startProfile');
    const [serverBefore, loadBefore] = await Promise.all([server.ask('mark'), load.ask('mark')]);
    await delay(measureMs);
    const [serverAfter, loadAfter] = await Promise.all([server.ask('mark'), load.ask('mark')]);
    if (profilePath) await server.ask('stopProfile', profilePath);
    const totals = await load.ask('drain');

    // Rates of either process by its own clock: the marks need not fall together.
    const serverMs = serverAfter.atMs - serverBefore.atMs;
    const loadMs = loadAfter.atMs - loadBefore.atMs;
    const userMs = serverAfter.userMs - serverBefore.userMs;
    const systemMs = serverAfter.systemMs - serverBefore.systemMs;
    const unitsPerMs = (loadAfter.calls * scenario.unitsPerCall) / loadMs;
    return {
      cpuUs: ((userMs + systemMs) / serverMs / unitsPerMs) * 1000,
      systemCpuUs: (systemMs / serverMs / unitsPerMs) * 1000,
      unitsPerSecond: unitsPerMs * 1000,
      p50Ms: loadAfter.p50Ms,
      p99Ms: loadAfter.p99Ms,
      rssMiB: serverAfter.rssBytes / BYTES_PER_MIB,
      serverBusy: (userMs + systemMs) / serverMs,
      loadBusy: (loadAfter.cpuMs - loadBefore.cpuMs) / loadMs,
      calls: totals.calls,
      ...(await end(totals)),
    };
  });
}
