import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { RunningProcess, type ProcessEnd, type ProcessLine } from '../e2e/running-process.js';
import { npm, pack, PACKAGES, readManifest, ROOT } from './published.js';

const run = promisify(execFile);

/** Installing takes as long as the registry takes. */
export const INSTALL_TIMEOUT_MS = 180_000;

/** A service of somebody else, in a directory of its own, that has kun from its packed packages. */
export class PackedProject {
  private readonly parent = mkdtempSync(join(tmpdir(), 'kun-packed-'));
  readonly directory = join(this.parent, 'greeter');
  private readonly tarballs = join(this.parent, 'packages');
  private running: RunningProcess | undefined;

  constructor() {
    mkdirSync(this.tarballs);
  }

  /** Runs a line of a shell, where the project's directory is made or in it, with the Node that runs the tests. */
  async shell(line: string): Promise<string> {
    const cwd = existsSync(this.directory) ? this.directory : this.parent;
    const { stdout } = await run('sh', ['-ec', line], { cwd, env: shellEnvironment() });
    return stdout;
  }

  /** Packs kun's packages and returns where they are. */
  async pack(): Promise<string[]> {
    const packed = await Promise.all(PACKAGES.map((name) => pack(name, this.tarballs)));
    return packed.map(({ tarball }) => tarball);
  }

  /** Installs the packed packages, and what else is asked for, as npm does it for everybody. */
  async install(dependencies: Readonly<Record<string, string>>): Promise<void> {
    const packed = await this.pack();
    const ours = PACKAGES.map((name, index) => [readManifest(name).name, `file:${packed[index]}`]);
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

  /**
   * Compiles `src` to `dist`, with the `tsconfig.json` that is there or one as `nest new` has it, or as another one says;
   * returns the errors.
   */
  async compile(config = 'tsconfig.json'): Promise<string[]> {
    if (!existsSync(join(this.directory, 'tsconfig.json'))) this.write('tsconfig.json', TSCONFIG);
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const output = await run(process.execPath, [
      compiler,
      '-p',
      join(this.directory, config),
      '--pretty',
      'false',
    ]).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    return output.split('\n').filter((line) => line.includes(': error TS'));
  }

  /** Runs a command, `dist/main.js` when none is given, until the service serves. */
  async start(env: Readonly<Record<string, string>> = {}, command = 'exec node dist/main.js'): Promise<void> {
    const running = new RunningProcess('sh', ['-ec', command], {
      cwd: this.directory,
      env: { PATH: shellPath(), ...env },
    });
    this.running = running;
    if (await running.line(({ msg }) => msg === 'serving')) return;
    throw new Error(`it ended before it served:\n${running.stderr}${running.stdout}`);
  }

  /** What the service has logged so far. */
  get lines(): readonly ProcessLine[] {
    return this.running?.lines ?? [];
  }

  /** Tells the service to stop, as Kubernetes does. */
  async stop(): Promise<ProcessEnd | undefined> {
    this.running?.kill('SIGTERM');
    return this.running?.end;
  }

  async remove(): Promise<void> {
    await this.running?.[Symbol.asyncDispose]();
    rmSync(this.parent, { recursive: true, force: true });
  }
}

const TSCONFIG = {
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
};

/** As in a terminal: nothing of the npm that runs the tests, and the Node that does. */
function shellEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'));
  return { ...Object.fromEntries(own), PATH: shellPath() };
}

function shellPath(): string {
  return `${dirname(process.execPath)}:${process.env['PATH']}`;
}
