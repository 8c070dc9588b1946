import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../e2e/config-tree.js';
import { requireDebianPackages } from './debian-packages.js';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A real Prometheus that scrapes one address, every second, as the job `kun`. */
export class PrometheusServer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    private readonly url: string,
  ) {}

  /** @param options.rules files with rules, by absolute path */
  static async start(
    target: string,
    options: { readonly rules?: readonly string[] } = {},
  ): Promise<PrometheusServer> {
    await requireDebianPackages('prometheus');
    const folder = await mkdtemp(join(tmpdir(), 'kun-prometheus-'));
    await writeFile(
      join(folder, 'prometheus.yml'),
      JSON.stringify({
        global: { scrape_interval: '1s', scrape_timeout: '900ms', evaluation_interval: '1s' },
        scrape_configs: [{ job_name: 'kun', static_configs: [{ targets: [target] }] }],
        rule_files: options.rules ?? [],
      }),
    );
    const [port] = await freePorts(1);
    const files = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    const flags = [...files, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'];
    return new PrometheusServer(
      spawn('prometheus', flags, { stdio: 'ignore' }),
      folder,
      `http://127.0.0.1:${port}`,
    );
  }

  /** What a query finds now; nothing while it is not up yet. */
  async ask(query: string): Promise<Sample[]> {
    const answer = await this.get<VectorAnswer>(`query?query=${encodeURIComponent(query)}`);
    return (answer?.data.result ?? []).map(({ metric, value: [, text] }) => ({
      metric,
      value: Number(text),
    }));
  }

  /** What it answers to a query, once it is what is waited for. */
  async value(query: string, wanted: (value: number) => boolean = () => true): Promise<number> {
    for (;;) {
      const [sample] = await this.ask(query);
      if (sample && wanted(sample.value)) return sample.value;
      // It has no event for a scrape.
      await delay(100);
    }
  }

  /** An answer of its HTTP API, undefined for any but a success. */
  async get<T>(path: string): Promise<T | undefined> {
    const response = await fetch(`${this.url}/api/v1/${path}`).catch(() => undefined);
    return response?.ok ? ((await response.json()) as T) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await exit;
    await rm(this.folder, { recursive: true });
  }
}

interface VectorAnswer {
  readonly data: {
    readonly result: ReadonlyArray<{
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [time: number, value: string];
    }>;
  };
}
