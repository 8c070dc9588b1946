import { readFile, stat } from 'node:fs/promises';
import { errorCode } from '../plain-object.js';

/** A file could not be read; the message says why and is fit for a report. */
export class UnreadableFile extends Error {
  /** There is no such file. */
  readonly missing: boolean;

  constructor(reason: string, missing = false) {
    super(reason);
    this.missing = missing;
  }
}

/**
 * Reads a file that is a regular one and not large: a pipe or a device would be read for ever.
 *
 * @throws UnreadableFile
 */
export async function readSmallFile(file: string): Promise<Buffer> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) throw new UnreadableFile('EISDIR');
    if (!stats.isFile()) throw new UnreadableFile('not a regular file');
    if (stats.size > MAX_FILE_BYTES) {
      throw new UnreadableFile(`it has ${stats.size} bytes, and at most ${MAX_FILE_BYTES} are read`);
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    const code = errorCode(error);
    throw new UnreadableFile(code, code === 'ENOENT' || code === 'ENOTDIR');
  }
}

/** What a ConfigMap can hold. It bounds the time that parsing takes. */
export const MAX_FILE_BYTES = 1024 * 1024;
