import { Session } from 'node:inspector/promises';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerParent } from './process-link.js';

/** What a contender is told at its start. */
export interface ContenderSettings {
  /** Where spans go, for those that send some. */
  readonly spanSink: string;
  /** To be served over TLS: files in PEM. Default: plain text */
  readonly tls?: { readonly certPath: string; readonly keyPath: string };
}

/** A service that runs. */
export interface RunningContender {
  /** gRPC's port on 127.0.0.1. */
  readonly port: number;
  /** Where it tells how many calls it has handled, for those that count. */
  readonly metricsUrl?: string;
  /** Whose versions are told. */
  readonly packages: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What a contender has used since it began. */
export interface ServerMark {
  readonly atMs: number;
  readonly userMs: number;
  readonly systemMs: number;
  readonly rssBytes: number;
}

/** What a contender holds. */
export interface ServerMemory {
  readonly rssBytes: number;
  /** Objects, and the buffers behind them. */
  readonly heapBytes: number;
}

/** How often a profile looks where the process is, in microseconds. */
const PROFILE_INTERVAL_US = 200;

let running: RunningContender | undefined;
let startService: ((settings: ContenderSettings) => Promise<RunningContender>) | undefined;
let profiler: Session | undefined;

const answers = {
  async start(settings: ContenderSettings): Promise<Omit<RunningContender, 'stop'>> {
    running = await startService?.(settings);
    if (!running) throw new Error('nothing was started');
    const { port, metricsUrl, packages } = running;
    return { port, packages, ...(metricsUrl !== undefined && { metricsUrl }) };
  },

  mark(): ServerMark {
    const { user, system } = process.cpuUsage();
    return {
      atMs: performance.now(),
      userMs: user / 1000,
      systemMs: system / 1000,
      rssBytes: process.memoryUsage.rss(),
    };
  },

  /** What it holds once nothing is left that could be collected. */
  memory(): ServerMemory {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let round = 0; round < 3; round++) collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rssBytes: rss, heapBytes: heapUsed + external };
  },

  async startProfile(): Promise<void> {
    profiler = new Session();
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.setSamplingInterval', { interval: PROFILE_INTERVAL_US });
    await profiler.post('Profiler.start');
  },

  async stopProfile(path: string): Promise<void> {
    const result = await profiler?.post('Profiler.stop');
    await writeFile(path, JSON.stringify(result?.profile));
  },

  async stop(): Promise<void> {
    await running?.stop();
    // After the answer has left; whatever else the service holds must not keep the bench waiting.
    setTimeout(() => process.disconnect?.(), 20);
  },
};

export type ContenderQuestions = typeof answers;

/** Makes this process a contender. */
export function contend(start: (settings: ContenderSettings) => Promise<RunningContender>): void {
  startService = start;
  answerParent(answers);
}

/** The versions of packages as the file `from` meets them. */
export function versionsOf(from: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const path = findPackageJSON(name, from);
      if (path === undefined) throw new Error(`${name} is not installed`);
      return [name, (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version];
    }),
  );
}
