import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../e2e/config-tree.js';
import { RunningProcess } from '../../e2e/running-process.js';

/** An instance behind a proxy. */
export interface Instance {
  /** `127.0.0.1:port` */
  readonly grpcAddress: string;
  /** `http://127.0.0.1:port` */
  readonly adminUrl: string;
}

/** A real proxy before two versions of a service; `await using` ends it. */
export interface Proxy {
  readonly address: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export type ProxyName = 'haproxy' | 'nginx';

/** The configuration as the guide shows it. */
export function configurationOf(name: ProxyName): Promise<string> {
  return readFile(join(import.meta.dirname, FILES[name]), 'utf8');
}

/** Starts the proxy with the guide's own file, but for the ports. */
export async function startProxy(name: ProxyName, stable: Instance, canary: Instance): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'kun-proxy-'));
  for (let attempt = 1; ; attempt++) {
    const [port = 0] = await freePorts(1);
    const file = join(folder, FILES[name]);
    await writeFile(file, withPorts(await configurationOf(name), port, stable, canary));
    const pid = `daemon off; pid ${join(folder, 'nginx.pid')}; error_log stderr;`;
    const proxy =
      name === 'haproxy'
        ? new RunningProcess('/usr/sbin/haproxy', ['-db', '-f', file])
        : new RunningProcess('/usr/sbin/nginx', ['-p', folder, '-c', file, '-g', pid]);
    const dispose = async () => {
      await proxy[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    };
    if (await listening(port, proxy)) {
      return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose };
    }
    if (attempt === 3) {
      await dispose();
      throw new Error(`${name} does not listen: ${proxy.stderr}${proxy.stdout}`);
    }
  }
}

const FILES: Readonly<Record<ProxyName, string>> = { haproxy: 'haproxy.cfg', nginx: 'nginx.conf' };

function withPorts(text: string, port: number, stable: Instance, canary: Instance): string {
  return text
    .replaceAll(':6000', `:${port}`)
    .replaceAll('127.0.0.1:50051', stable.grpcAddress)
    .replaceAll('127.0.0.1:50052', canary.grpcAddress)
    .replaceAll('port 8081', `port ${new URL(stable.adminUrl).port}`)
    .replaceAll('port 8082', `port ${new URL(canary.adminUrl).port}`);
}

async function listening(port: number, proxy: RunningProcess): Promise<boolean> {
  let ended = false;
  void proxy.end.then(() => (ended = true));
  while (!ended) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (answered) return true;
    await delay(20);
  }
  return false;
}
