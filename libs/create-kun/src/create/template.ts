import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PACKAGE_ROOT } from '../own-package.js';
import { ScaffoldError } from '../terminal.js';

/** A value that a template requires in addition to the service's names. */
export interface TemplateVariable {
  /** The question shown to the user. */
  readonly question: string;
  /** The answer if nobody is asked. */
  readonly default: string;
  /** A regular expression that the whole answer must match. Default: anything but line breaks */
  readonly pattern?: string | undefined;
}

/** A template, described by its `kun-template.json`. */
export interface Template {
  /** The folder whose content becomes the project. */
  readonly files: string;
  /** By placeholder: `team` for `__team__`. */
  readonly variables: Readonly<Record<string, TemplateVariable>>;
  /** Commands shown at the end, after the installation. */
  readonly next: readonly string[];
  /** Commands shown for a second terminal, while the service runs. */
  readonly elsewhere: readonly string[];
  /** Removes what was fetched. */
  dispose(): void;
}

/**
 * Finds a template: create-kun's own, a folder, or a package, which npm fetches without running any of its scripts.
 *
 * @throws {ScaffoldError} when it is missing or not a template.
 */
export function findTemplate(name: string | undefined, cwd: string): Template {
  if (name === undefined) return readManifest(PACKAGE_ROOT, () => {});
  const folder = resolve(cwd, name);
  if (existsSync(folder) && statSync(folder).isDirectory()) return readManifest(folder, () => {});
  if (/^\.{0,2}[\\/]/.test(name) && !name.endsWith('.tgz'))
    throw new ScaffoldError(`there is no template in ${folder}`);
  return fetched(existsSync(folder) ? folder : name);
}

function fetched(name: string): Template {
  const directory = mkdtempSync(join(tmpdir(), 'create-kun-'));
  const dispose = () => rmSync(directory, { recursive: true, force: true });
  try {
    writeFileSync(join(directory, 'package.json'), '{"private":true}');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--', name];
    execFileSync('npm', args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    const [installed] = Object.keys(
      (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { dependencies?: object })
        .dependencies ?? {},
    );
    return readManifest(join(directory, 'node_modules', installed ?? name), dispose);
  } catch (error) {
    dispose();
    if (error instanceof ScaffoldError) throw error;
    const { stderr } = error as { stderr?: string };
    const [reason] = /^npm (?:error|ERR!) (?!code)(.+)$/m.exec(stderr ?? '')?.slice(1) ?? [];
    throw new ScaffoldError(`npm could not fetch the template ${name}: ${reason ?? 'is npm there?'}`, {
      cause: error,
    });
  }
}

function readManifest(root: string, dispose: () => void): Template {
  const files = join(root, 'template');
  if (!existsSync(files) || readdirSync(files).length === 0) {
    throw new ScaffoldError(`${root} is not a template: it has no folder "template" with files in it`);
  }
  const path = join(root, 'kun-template.json');
  let manifest: unknown = {};
  if (existsSync(path)) {
    try {
      manifest = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      throw new ScaffoldError(`${path} is not JSON`);
    }
  }
  const { variables = {}, next = [], elsewhere = [] } = manifest as Readonly<Record<string, unknown>>;
  if (!isVariables(variables)) {
    throw new ScaffoldError(`variables in ${path} must be { "name": { "question": "…", "default": "…" } }`);
  }
  if (!isCommands(next) || !isCommands(elsewhere)) {
    throw new ScaffoldError(`next and elsewhere in ${path} must be lists of commands`);
  }
  return { files, variables, next, elsewhere, dispose };
}

function isCommands(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((line) => typeof line === 'string');
}

function isVariables(value: unknown): value is Record<string, TemplateVariable> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value as Record<string, Partial<TemplateVariable> | null>).every(
    ([name, variable]) =>
      /^[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*$/.test(name) &&
      typeof variable?.question === 'string' &&
      typeof variable.default === 'string' &&
      (variable.pattern === undefined || typeof variable.pattern === 'string'),
  );
}
