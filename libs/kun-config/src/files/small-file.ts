import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { errorCode } from '../plain-object.js';

/** Options for reading a file. */
export interface SmallFileOptions {
  /** How long reading may take, in milliseconds; default 5000. A network file system may never answer. */
  readonly timeoutMs?: number;
}

/** A file could not be read; the message says why and may be shown. */
export class UnreadableFileError extends Error {
  /** There is no such file. */
  readonly missing: boolean;

  constructor(reason: string, missing = false) {
    super(reason);
    this.missing = missing;
  }
}

/**
 * Reads a file that is a regular one and not large, within a time limit: a pipe, a device or a file of the kernel's
 * (`/proc/kmsg` says that it is a regular one of no length) would be read for ever.
 *
 * @throws {UnreadableFileError} saying why it cannot be read.
 */
export async function readSmallFile(
  file: string,
  { timeoutMs = 5_000 }: SmallFileOptions = {},
): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new UnreadableFileError(`it could not be read within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([readAll(file), tooSlow]);
  } catch (error) {
    if (error instanceof UnreadableFileError) throw error;
    const code = errorCode(error);
    if (code === 'EAGAIN') throw new UnreadableFileError('it has no end, as files of the kernel have none');
    throw new UnreadableFileError(code, code === 'ENOENT' || code === 'ENOTDIR');
  } finally {
    clearTimeout(timer);
  }
}

/** What a ConfigMap can hold. It bounds the time that parsing takes. */
export const MAX_FILE_BYTES = 1024 * 1024;

async function readAll(file: string): Promise<Buffer> {
  // Before opening it: on some devices opening alone has an effect.
  const stats = await stat(file);
  if (stats.isDirectory()) throw new UnreadableFileError('EISDIR');
  if (!stats.isFile()) throw new UnreadableFileError('not a regular file');
  if (stats.size > MAX_FILE_BYTES) throw tooLarge(`${stats.size} bytes`);
  // Without O_NONBLOCK, opening a pipe or reading a log of the kernel's would hold a thread of the process for ever.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    for (let length = 0; ;) {
      const chunk = Buffer.allocUnsafe(stats.size > 0 ? stats.size + 1 : CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk);
      length += bytesRead;
      // The stated size is not enough: the file may be growing.
      if (length > MAX_FILE_BYTES) throw tooLarge('no end in sight');
      chunks.push(chunk.subarray(0, bytesRead));
      // Files of the kernel state no size and arrive in pieces.
      if (bytesRead === 0 || (stats.size > 0 && bytesRead < chunk.length)) return Buffer.concat(chunks);
    }
  } finally {
    await handle.close();
  }
}

const CHUNK_BYTES = 64 * 1024;

function tooLarge(size: string): UnreadableFileError {
  return new UnreadableFileError(`it has ${size}, and at most ${MAX_FILE_BYTES} are read`);
}
