import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { setPriority } from 'node:os';
import type { Attack } from './attack.ts';
import { pause } from './campaign.ts';
import { EchoProcess } from './echo-process.ts';
import { NormalCaller } from './normal-caller.ts';

/** The outcome of an attack. */
export interface Outcome {
  readonly attack: Attack;
  readonly p99Ms: number;
  readonly livezMaxMs: number;
  readonly growthMiB: number;
  /** Of a core: the attack alone, and the same server with the same normal caller and probe before it. */
  readonly cpuShare: number;
  readonly calmCpuShare: number;
  /** Connections of the attacker, and how many of them were cut. */
  readonly made: number;
  readonly cut: number;
  readonly refusals: ReadonlyMap<string, number>;
  /** Lines of the log a second, but for those of the normal caller. */
  readonly linesPerSecond: number;
  readonly calls: number;
  readonly failures: readonly string[];
  /** What the server wrote to standard error. */
  readonly stderr: string;
}

const WARM_UP_MS = 2000;
/** How long the server is measured without an attack. */
const CALM_MS = 4000;

/** Attacks a new server while a normal caller keeps calling it. */
export async function runAttack(attack: Attack, seconds: number): Promise<Outcome> {
  const echo = await EchoProcess.start({ openFiles: attack.openFiles });
  try {
    await warmUp(echo);
    const calmCpuShare = await calmCpu(echo);
    const before = await echo.costs();
    const linesBefore = echo.lineCount;
    const normal = new NormalCaller(echo.grpcPort, echo.adminPort);
    const rss = watchRss(echo);
    const startMs = performance.now();
    const { made, cut } = await inProcess(attack.name, echo.grpcPort, seconds);
    const tookSeconds = (performance.now() - startMs) / 1000;
    await normal.stop();
    const { cpuSeconds } = await echo.costs();
    return {
      attack,
      p99Ms: quantile(normal.callMs, 0.99),
      livezMaxMs: Math.max(...normal.livezMs),
      growthMiB: rss.stop() - before.rssMiB,
      cpuShare: (cpuSeconds - before.cpuSeconds) / tookSeconds - calmCpuShare,
      calmCpuShare,
      made,
      cut,
      refusals: await echo.refusals(),
      linesPerSecond: (echo.lineCount - linesBefore - normal.callMs.length) / tookSeconds,
      calls: normal.callMs.length,
      failures: normal.failures,
      stderr: echo.stderr,
    };
  } finally {
    await echo.stop();
  }
}

async function warmUp(echo: EchoProcess): Promise<void> {
  const warm = new NormalCaller(echo.grpcPort, echo.adminPort, { perSecond: 500 });
  await pause(WARM_UP_MS);
  await warm.stop();
}

/** What share of a core the normal caller and the probe cost by themselves. */
async function calmCpu(echo: EchoProcess): Promise<number> {
  const { cpuSeconds: before } = await echo.costs();
  const startMs = performance.now();
  const normal = new NormalCaller(echo.grpcPort, echo.adminPort);
  await pause(CALM_MS);
  await normal.stop();
  const { cpuSeconds } = await echo.costs();
  return ((cpuSeconds - before) * 1000) / (performance.now() - startMs);
}

/** Below the normal caller: what is measured is the server, and not who gets a core. */
const ATTACKER_PRIORITY = 10;

async function inProcess(
  name: string,
  port: number,
  seconds: number,
): Promise<{ made: number; cut: number }> {
  const script = join(import.meta.dirname, 'attack-process.ts');
  const child = spawn(process.execPath, [script, name, String(port), String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  setPriority(child.pid!, ATTACKER_PRIORITY);
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(said) as { made: number; cut: number };
}

function watchRss(echo: EchoProcess): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    void echo.costs().then(
      ({ rssMiB }) => (most = Math.max(most, rssMiB)),
      () => undefined,
    );
  }, 100);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
