import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { npm, pack, PACKAGES, readManifest, ROOT } from './published.js';

const run = promisify(execFile);

/** Installing takes as long as the registry takes. */
export const INSTALL_TIMEOUT_MS = 180_000;

/** A service of somebody else, in a directory of its own, that has kun from its packed packages. */
export class PackedProject {
  readonly directory = mkdtempSync(join(tmpdir(), 'kun-packed-'));
  /** What the service has printed so far, a line each. */
  readonly lines: string[] = [];
  private running: ChildProcess | undefined;

  /** Installs the packed packages, and what else is asked for, as npm does it for everybody. */
  async install(dependencies: Readonly<Record<string, string>>): Promise<void> {
    const packed = await Promise.all(PACKAGES.map((name) => pack(name, this.directory)));
    const ours = PACKAGES.map((name, index) => [readManifest(name).name, `file:${packed[index]?.tarball}`]);
    this.write('package.json', {
      name: 'greeter',
      private: true,
      type: 'module',
      dependencies: { ...Object.fromEntries(ours), ...dependencies },
    });
    await npm(this.directory, 'install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
  }

  /** Writes a file; an object becomes JSON, which YAML includes. */
  write(path: string, content: string | object): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Compiles `src` to `dist` as `nest new` has it; returns the compiler's errors. */
  async compile(): Promise<string[]> {
    this.write('tsconfig.json', {
      compilerOptions: {
        target: 'ES2023',
        module: 'nodenext',
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        types: ['node'],
        rootDir: 'src',
        outDir: 'dist',
      },
      include: ['src'],
    });
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const output = await run(process.execPath, [compiler, '-p', this.directory, '--pretty', 'false']).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    return output.split('\n').filter((line) => line.includes(': error TS'));
  }

  /** Runs `dist/main.js` until it serves. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd: this.directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.running = child;
    const output = createInterface({ input: child.stdout });
    const serving = new Promise<void>((resolve, reject) => {
      output.on('line', (line) => {
        this.lines.push(line);
        if (line.includes('"msg":"serving"')) resolve();
      });
      output.on('close', () => reject(new Error(`it ended before it served:\n${this.lines.join('\n')}`)));
    });
    await serving;
  }

  /** Tells the service to stop, as Kubernetes does; returns exit code and signal. */
  async stop(): Promise<unknown[]> {
    if (!this.running) throw new Error('nothing runs');
    const exited = once(this.running, 'exit');
    this.running.kill('SIGTERM');
    return exited;
  }

  remove(): void {
    this.running?.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Ports that were free a moment ago, for a process that opens its ports itself. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
