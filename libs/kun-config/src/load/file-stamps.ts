import { realpath, stat } from 'node:fs/promises';
import { errorCode } from '../plain-object.js';

/** What is known of each file without reading it; a different stamp means that its content may have changed. */
export type FileStamps = ReadonlyMap<string, string>;

/**
 * Stamps files by where their links lead and by identity, size and times of what is there. A ConfigMap's `..data`
 * link that is swapped changes the first, a rename the second, a write in place the last; a file that is not there
 * has a stamp, too.
 */
export async function stampFiles(files: Iterable<string>): Promise<FileStamps> {
  const unique = [...new Set(files)];
  return new Map(await Promise.all(unique.map(async (file) => [file, await stampFile(file)] as const)));
}

/** Whether every file of the first has the same stamp in the second. */
export function sameStamps(some: FileStamps, all: FileStamps): boolean {
  return [...some].every(([file, stamp]) => all.get(file) === stamp);
}

async function stampFile(file: string): Promise<string> {
  try {
    const real = await realpath(file);
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(real, { bigint: true });
    return [real, dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return errorCode(error);
  }
}
