import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContenderQuestions } from './contender-process.js';
import type { Contender } from './contenders.js';
import type { LoadQuestions } from './load/main.js';
import { LOAD_CORE, SERVER_CORE, startPinned } from './pinned-process.js';
import { unproven } from './proofs.js';
import type { Scenario } from './scenarios.js';
import { openSpanSink } from './span-sink.js';

/** One process of one contender under one kind of call. Times are per unit: a call, or a message of a stream. */
export interface Sample {
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
  /** What was wrong with answers, and what the contender did not do. Empty is right. */
  readonly faults: readonly string[];
  readonly packages: Readonly<Record<string, string>>;
}

export interface MeasureOptions {
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Where to put a profile of what is measured. Default: none is taken */
  readonly profilePath?: string;
}

const LOAD_ENTRY = join(import.meta.dirname, 'load', 'main.js');
const BYTES_PER_MIB = 1024 * 1024;

/** Starts a contender, measures it once warm, and stops it. */
export async function measure(
  contender: Contender,
  scenario: Scenario,
  { warmUpMs, measureMs, profilePath }: MeasureOptions,
): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), 'kun-bench-'));
  const logPath = join(directory, 'stdout.log');
  const log = openSync(logPath, 'w');
  const removeLog = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removeLog);
  const sink = await openSpanSink();
  const server = startPinned<ContenderQuestions>({
    name: contender.title,
    core: SERVER_CORE,
    entry: contender.entry,
    args: contender.args,
    stdout: log,
  });
  const load = startPinned<LoadQuestions>({ name: 'the load', core: LOAD_CORE, entry: LOAD_ENTRY });
  try {
    const facts = await server.ask('start', { spanSink: sink.url });
    await load.ask('start', { port: facts.port, scenario: scenario.name });
    await delay(warmUpMs);
    if (profilePath) await server.ask('startProfile');
    const [serverBefore, loadBefore] = await Promise.all([server.ask('mark'), load.ask('mark')]);
    await delay(measureMs);
    const [serverAfter, loadAfter] = await Promise.all([server.ask('mark'), load.ask('mark')]);
    if (profilePath) await server.ask('stopProfile', profilePath);
    const totals = await load.ask('drain');
    const metrics = facts.metricsUrl ? await (await fetch(facts.metricsUrl)).text() : '';
    await server.ask('stop');
    await server.exited;

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
      faults: [
        ...(totals.calls === 0 ? ['no call was answered'] : []),
        ...(totals.wrong > 0
          ? [`${totals.wrong} of ${totals.calls} answers were wrong: ${totals.problems.join('; ')}`]
          : []),
        ...(await unproven(contender.proofs, { calls: totals.calls, logPath, metrics, spans: sink.spans })),
      ],
      packages: facts.packages,
    };
  } finally {
    server.kill();
    load.kill();
    sink.close();
    closeSync(log);
    removeLog();
    process.off('exit', removeLog);
  }
}
