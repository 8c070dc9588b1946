import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory of configuration files for `KUN_BASE`; `await using` removes it. */
export class ConfigTree {
  private constructor(readonly base: string) {}

  /** Files by their path below `conf/`; what is no text is written as JSON, which is YAML. */
  static async of(files: Readonly<Record<string, string | object>>): Promise<ConfigTree> {
    const tree = new ConfigTree(await mkdtemp(join(tmpdir(), 'kun-e2e-')));
    for (const [name, content] of Object.entries(files)) await tree.write(name, content);
    return tree;
  }

  async write(name: string, content: string | object): Promise<void> {
    const path = this.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  }

  path(name: string): string {
    return join(this.base, 'conf', name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.base, { recursive: true, force: true });
  }
}

/** Ports that are free now; somebody else may take one before it is used, so be ready to ask again. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
