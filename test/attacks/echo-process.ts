import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');

export interface EchoOptions {
  /** The limit of open files of its process. Default: that of the parent process. */
  readonly openFiles?: number | undefined;
  /** Keys of `GRPCServer`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** What a process costs, as the kernel counts it. */
export interface ProcessCosts {
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

/** The built echo service in its own process, on the engine kun. */
export class EchoProcess {
  /** Lines of its log by their message. */
  readonly lines = new Map<string, number>();
  stderr = '';
  readonly grpcPort: number;
  readonly adminPort: number;
  private readonly child: ChildProcess;
  private readonly base: string;
  private readonly end: Promise<unknown>;

  private constructor(child: ChildProcess, grpcPort: number, adminPort: number, base: string) {
    this.child = child;
    this.grpcPort = grpcPort;
    this.adminPort = adminPort;
    this.base = base;
    this.end = once(child, 'close');
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  /** Starts it; settles when it serves. */
  static async start({ openFiles, config = {} }: EchoOptions = {}): Promise<EchoProcess> {
    const base = await mkdtemp(join(tmpdir(), 'kun-attacks-'));
    const [grpc = 0, admin = 0] = await freePorts(2);
    await mkdir(join(base, 'conf/echo/default'), { recursive: true });
    const own = await readFile(join(ROOT, 'apps/echo/conf/echo/public.yaml'));
    await writeFile(join(base, 'conf/echo/public.yaml'), own);
    const over = { AdminPort: admin, GRPCServer: { Port: grpc, Engine: 'kun', ...config } };
    await writeFile(join(base, 'conf/echo/default/public.yaml'), JSON.stringify(over));
    const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles} && `;
    const main = join(ROOT, 'apps/echo/dist/main.js');
    const child = spawn('sh', ['-c', `${limit}exec "$0" "$1"`, process.execPath, main], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], KUN_BASE: base },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const echo = new EchoProcess(child, grpc, admin, base);
    await echo.serving();
    return echo;
  }

  /** All lines of its log so far. */
  get lineCount(): number {
    return [...this.lines.values()].reduce((sum, count) => sum + count, 0);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async costs(): Promise<ProcessCosts> {
    const [stat, status] = await Promise.all(
      ['stat', 'status'].map((name) => readFile(`/proc/${this.child.pid}/${name}`, 'utf8')),
    );
    // User and system time are fields 14 and 15 (proc(5)), in hundredths of a second; the name before may have blanks.
    const fields = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ');
    const rss = Number(/^VmRSS:\s+(\d+)/m.exec(status!)?.[1]);
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, rssMiB: rss / 1024 };
  }

  /** Samples of its counters of refusals that are not 0, as `name reason`. */
  async refusals(): Promise<Map<string, number>> {
    const text = await (await fetch(`http://127.0.0.1:${this.adminPort}/metrics`)).text();
    const found = text.matchAll(
      /^(kun_(?:wire_refusals|connections_refused)_total)\{.*?reason="([^"]+)".*\} (\d+)$/gm,
    );
    const refusals = new Map<string, number>();
    for (const [, name, reason, value] of found) {
      const key = `${name} ${reason}`;
      if (value !== '0') refusals.set(key, (refusals.get(key) ?? 0) + Number(value));
    }
    return refusals;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.end;
    await rm(this.base, { recursive: true, force: true });
  }

  private serving(): Promise<void> {
    return new Promise((resolve, reject) => {
      createInterface(this.child.stdout!).on('line', (line) => {
        const [, message = ''] = /"msg":"([^"]*)"/.exec(line) ?? [];
        this.lines.set(message, (this.lines.get(message) ?? 0) + 1);
        if (message === 'serving') resolve();
      });
      void this.end.then(() => reject(new Error(`echo has ended: ${this.stderr}`)));
    });
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
