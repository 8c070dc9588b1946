import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PACKAGE_ROOT } from '../own-package.js';
import { readTemplate, type Values } from '../create/fill-template.js';
import { ScaffoldError } from '../terminal.js';

/** Pending changes to a project: the new text of each file, by path. */
export type Changes = Map<string, string>;

/** What to write, and what to tell the user. */
export interface Added {
  readonly created: Changes;
  /** The complete new text of existing files. */
  readonly edited: Changes;
  /** Commands to run next. */
  readonly next: readonly string[];
  /** How to use it. */
  readonly hint?: string;
}

/** An existing service. */
export class Project {
  private constructor(readonly root: string) {}

  /**
   * The project that contains a folder: that of the nearest `package.json` that depends on `@kun/core`.
   *
   * @throws {ScaffoldError} when there is none.
   */
  static around(cwd: string): Project {
    for (let at = resolve(cwd); ; at = dirname(at)) {
      const manifest = join(at, 'package.json');
      if (existsSync(manifest) && dependsOnKun(manifest)) return new Project(at);
      if (dirname(at) === at) break;
    }
    throw new ScaffoldError(
      `${cwd} is not in a kun service: no package.json in it or above it depends on @kun/core`,
    );
  }

  /** @throws {ScaffoldError} when the file is missing; `hint` says what it would contain. */
  read(path: string, hint: string): string {
    const file = join(this.root, path);
    if (!existsSync(file)) throw new ScaffoldError(`there is no ${path} in ${this.root}, ${hint}`);
    return readFileSync(file, 'utf8');
  }

  /** The files below a folder with this ending; relative to the project's root, with slashes. */
  list(folder: string, ending: string): string[] {
    const directory = join(this.root, folder);
    if (!existsSync(directory)) return [];
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith(ending) && !path.includes('/node_modules/'))
      .toSorted();
  }

  /** The new files of an addition. */
  additions(name: string, values: Values): Changes {
    const files = readTemplate(join(PACKAGE_ROOT, 'additions', name), values);
    return new Map(files.map(({ path, content }) => [path, content.toString()]));
  }

  /**
   * Writes new files and changed ones: either all of them or none.
   *
   * @throws {ScaffoldError} when a new file already exists, or the file system refuses.
   */
  apply(created: Changes, edited: Changes): void {
    const taken = [...created.keys()].find((path) => existsSync(join(this.root, path)));
    if (taken !== undefined) throw new ScaffoldError(`${taken} already exists; nothing was changed`);
    const before = new Map([...edited.keys()].map((path) => [path, readFileSync(join(this.root, path))]));
    const written: string[] = [];
    try {
      for (const [path, text] of created) {
        mkdirSync(dirname(join(this.root, path)), { recursive: true });
        written.push(path);
        writeFileSync(join(this.root, path), text, { flag: 'wx' });
      }
      for (const [path, text] of edited) writeFileSync(join(this.root, path), text);
    } catch (error) {
      for (const path of written) rmSync(join(this.root, path), { force: true });
      for (const [path, bytes] of before) {
        if (!readFileSync(join(this.root, path)).equals(bytes)) writeFileSync(join(this.root, path), bytes);
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new ScaffoldError(`it cannot be written: ${reason}; nothing was changed`, { cause: error });
    }
  }
}

function dependsOnKun(manifest: string): boolean {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<
      string,
      object | undefined
    >;
    return '@kun/core' in { ...dependencies, ...devDependencies };
  } catch {
    return false;
  }
}
