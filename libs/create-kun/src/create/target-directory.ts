import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ScaffoldError } from '../terminal.js';

/** What an empty folder may contain. */
const NOTHING: ReadonlySet<string> = new Set(['.git', '.DS_Store', 'Thumbs.db']);

/**
 * Makes sure that no existing file would be overwritten.
 *
 * @throws {ScaffoldError} when the folder is not empty.
 */
export function checkEmpty(directory: string): void {
  if (!existsSync(directory)) return;
  if (!statSync(directory).isDirectory())
    throw new ScaffoldError(`${directory} is a file; choose another name`);
  const found = readdirSync(directory).filter((name) => !NOTHING.has(name));
  if (found.length === 0) return;
  const more = found.length > 3 ? ` and ${found.length - 3} more` : '';
  throw new ScaffoldError(
    `${directory} is not empty (${found.slice(0, 3).join(', ')}${more}); choose another folder, or empty it`,
  );
}

/**
 * Fills a staging folder and then moves it into place, so that the folder is written completely or not at all.
 *
 * @throws {ScaffoldError} when the file system refuses; the folder is unchanged then.
 */
export function fillDirectory(directory: string, fill: (staging: string) => void): void {
  const staging = join(directory, `.create-kun-${process.pid}`);
  const moved: string[] = [];
  let made: string | undefined;
  try {
    made = mkdirSync(directory, { recursive: true });
    mkdirSync(staging);
    fill(staging);
    for (const name of readdirSync(staging)) {
      renameSync(join(staging, name), join(directory, name));
      moved.push(name);
    }
    rmSync(staging, { recursive: true });
  } catch (error) {
    for (const name of moved) rmSync(join(directory, name), { recursive: true, force: true });
    // `mkdir` returns the outermost folder that it created.
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    else if (existsSync(staging)) rmSync(staging, { recursive: true, force: true });
    throw explain(error, directory);
  }
}

function explain(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'it is not writable',
    EPERM: 'it is not writable',
    EROFS: 'its file system is read-only',
    ENOSPC: 'its disk is full',
    ENOTDIR: 'a part of the path is a file',
    ENAMETOOLONG: 'the path is too long',
  };
  const reason = reasons[String(error.code)] ?? error.message;
  return new ScaffoldError(`${directory} cannot be written: ${reason}; nothing was left behind`, {
    cause: error,
  });
}
