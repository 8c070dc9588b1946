import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { credentials, makeGenericClientConstructor, type Client } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call } from './call.js';
import { ConfigTree, freePorts } from './config-tree.js';
import { NODE, REPOSITORY } from './running-process.js';
import { ECHO_SERVICE } from './spawned-service.js';

const MAIN = join(REPOSITORY, 'apps/echo/dist/main.js');
const WAIT = { timeout: 30_000, interval: 50 };
const OK = /"status":"ok"/;
const CALLS = 300;
const WARNING = /^log lines cannot be written to standard output: .*; they are dropped/gm;

let folder: string;
const started: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kun-output-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) if (child.pid) killGroup(child.pid);
  await rm(folder, { recursive: true });
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Echo, started by a shell with its standard output as the shell redirects it. */
class Service {
  stderr = '';
  readonly exit: Promise<[number | null, NodeJS.Signals | null]>;
  private readonly client: Client;

  private constructor(
    readonly child: ChildProcess,
    private readonly ports: readonly number[],
    readonly tree: ConfigTree,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    const Constructor = makeGenericClientConstructor(ECHO_SERVICE, 'Client');
    this.client = new Constructor(`127.0.0.1:${ports[0]}`, credentials.createInsecure());
  }

  /** @param script what the shell runs; `RUN` is the service */
  static async start(script: string): Promise<Service> {
    const ports = await freePorts(2);
    const [grpc, admin] = ports;
    const tree = await ConfigTree.of({
      'echo/public.yaml': {
        AdminPort: admin,
        GRPCServer: { Port: grpc },
        Upstreams: { next: { Target: `localhost:${grpc}` } },
      },
    });
    const command = script.replace('RUN', `exec ${NODE} ${MAIN}`);
    const child = spawn('sh', ['-c', command], {
      cwd: folder,
      env: { PATH: process.env['PATH'], KUN_BASE: tree.base },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    started.push(child);
    const service = new Service(child, ports, tree);
    await vi.waitFor(async () => assert.match(await service.admin('/readyz'), OK), WAIT);
    return service;
  }

  async admin(path: string): Promise<string> {
    const signal = AbortSignal.timeout(5000);
    return (await fetch(`http://127.0.0.1:${this.ports[1]}${path}`, { signal })).text();
  }

  async calls(count = CALLS): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { code } = await call(this.client, 'Echo', { requests: [{ message: `call ${i}` }] });
      assert.equal(code, 0);
    }
  }

  async dropped(): Promise<number> {
    return Number(/^kun_log_lines_dropped_total (\d+)$/m.exec(await this.admin('/metrics'))?.[1]);
  }

  /** What must be true whatever becomes of the log. */
  async stopsCleanly(pid = this.child.pid!): Promise<void> {
    this.client.close();
    assert.match(await this.admin('/livez'), OK);
    process.kill(pid, 'SIGTERM');
    if (pid === this.child.pid) assert.deepEqual(await this.exit, [0, null]);
    await this.tree[Symbol.asyncDispose]();
  }
}

describe.each([
  ['a full device', 'RUN > /dev/full', /ENOSPC/],
  ['a file at its size limit', 'ulimit -f 8; RUN > log', /EFBIG/],
  ['a directory', 'RUN 1< .', /EBADF/],
  ['a file opened for reading', 'RUN 1< /dev/null', /EBADF/],
])('standard output that is %s', (_, script, why) => {
  it('costs the lines, and nothing else', async () => {
    const service = await Service.start(script);
    await service.calls();
    await vi.waitFor(async () => expect(await service.dropped()).toBeGreaterThan(0), WAIT);
    await service.stopsCleanly();
    expect(service.stderr.match(WARNING)).toHaveLength(1);
    expect(service.stderr).toMatch(why);
  });
});

it.each([
  ['standard error has failed too', 'RUN > /dev/full 2> /dev/full'],
  ['both are closed', 'RUN >&- 2>&-'],
  ['standard output is closed', 'RUN >&-'],
  ['it is the null device', 'RUN > /dev/null'],
])('%s: the service serves and stops', async (_, script) => {
  const service = await Service.start(script);
  await service.calls();
  await service.stopsCleanly();
  expect(service.stderr).toBe('');
});

it('continues writing, on a new line, when a full disk has space again', async () => {
  const service = await Service.start('ulimit -f 8; RUN >> log');
  await service.calls();
  await vi.waitFor(async () => expect(await service.dropped()).toBeGreaterThan(0), WAIT);
  const log = join(folder, 'log');
  const before = await readFile(log, 'utf8');
  await truncate(log, 100);
  await vi.waitFor(async () => {
    await service.calls(1);
    expect(await readFile(log, 'utf8')).toContain('log lines were lost');
  }, WAIT);
  const dropped = await service.dropped();
  await service.stopsCleanly();
  const after = (await readFile(log, 'utf8')).split('\n').slice(1, -1);
  // The first was cut by the truncation, all others are whole.
  const messages = after.map((line) => JSON.parse(line) as { msg: string; lines_lost?: number });
  expect(messages.find(({ msg }) => msg.startsWith('log lines were lost'))?.lines_lost).toBe(dropped);
  expect(messages.at(-1)?.msg).toBe('stopped');
  expect(before.length).toBe(8 * 512);
  expect(service.stderr.match(WARNING)).toHaveLength(1);
});

describe.each([
  ['a pipe', 'RUN > log'],
  ['a pipe that standard error shares', 'RUN > log 2>&1'],
])('%s', (_, script) => {
  const shared = script.includes('2>&1');
  let reader: ChildProcess;
  let closed: Promise<unknown>;
  let output = '';
  beforeEach(async () => {
    await promisify(execFile)('mkfifo', [join(folder, 'log')]);
    output = '';
    reader = spawn('cat', ['log'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    started.push(reader);
    closed = once(reader, 'close');
    reader.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  });

  it('whose reader ends: lines are dropped and counted', async () => {
    const service = await Service.start(script);
    reader.kill('SIGKILL');
    await closed;
    await service.calls();
    await vi.waitFor(async () => expect(await service.dropped()).toBeGreaterThan(0), WAIT);
    await service.stopsCleanly();
    if (!shared) expect(service.stderr.match(WARNING)).toHaveLength(1);
  });

  it('whose reader stalls: calls go on, and the exit does not wait for it', async () => {
    const service = await Service.start(script);
    reader.kill('SIGSTOP');
    await service.calls();
    await service.stopsCleanly();
    if (!shared) expect(service.stderr.match(WARNING)).toHaveLength(1);
  });

  it('whose reader stalls for a while: nothing is lost', async () => {
    const service = await Service.start(script);
    reader.kill('SIGSTOP');
    await service.calls();
    expect(await service.dropped()).toBe(0);
    reader.kill('SIGCONT');
    await service.stopsCleanly();
    await closed;
    expect(output.match(/"finished call"/g)).toHaveLength(CALLS);
    expect(output.trimEnd().split('\n').at(-1)).toContain('"stopped"');
    expect(service.stderr).toBe('');
  });
});

describe('a socket', () => {
  it('whose reader is gone: lines are dropped and counted', async () => {
    const service = await Service.start('RUN');
    service.child.stdout?.destroy();
    await service.calls();
    await vi.waitFor(async () => expect(await service.dropped()).toBeGreaterThan(0), WAIT);
    await service.stopsCleanly();
    expect(service.stderr.match(WARNING)).toHaveLength(1);
  });

  it('whose reader never reads: calls go on, and the exit does not wait for it', async () => {
    const service = await Service.start('RUN');
    await service.calls(1000);
    const exited = once(service.child, 'exit');
    await service.calls(1000);
    process.kill(service.child.pid!, 'SIGTERM');
    expect(await exited).toEqual([0, null]);
    service.child.stdout?.destroy();
    await service.tree[Symbol.asyncDispose]();
  });
});

it('a terminal that is gone: lines are dropped and counted', async () => {
  await writeFile(join(folder, 'main.sh'), `echo $$ > pid\nexec ${NODE} ${MAIN} 2> errors\n`);
  const service = await Service.start("exec script -qec 'setsid sh main.sh' /dev/null");
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  try {
    service.child.kill('SIGKILL');
    await service.calls();
    await vi.waitFor(async () => expect(await service.dropped()).toBeGreaterThan(0), WAIT);
    await service.stopsCleanly(pid);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), WAIT);
    expect(await readFile(join(folder, 'errors'), 'utf8')).toMatch(/^log lines cannot be written .*EIO.*\n$/);
  } finally {
    killGroup(pid);
  }
});
