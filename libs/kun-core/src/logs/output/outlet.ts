import { closeSync, constants, fstatSync, openSync, readFileSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';

/** A file descriptor to write to, and whether a write to it may make the writer wait. */
export interface Outlet {
  readonly fd: number;
  /** A write takes what there is room for, or fails with EAGAIN. Regular files and devices never say that of themselves. */
  readonly nonBlocking: boolean;
  /** Gives back what was opened for it; the descriptor it was made of stays open. */
  close(): void;
}

/**
 * Has writes to pipes, terminals and sockets fail instead of wait for a reader. A write that waits cannot be given up:
 * on the event loop it stops the process, on a thread of libuv's it stops the exit.
 *
 * Pipes and terminals are opened once more, since the flag belongs to the open file, which the processes that a service
 * starts share. Where that cannot be done (sockets, a pipe of another user), Node's own stream sets the flag, as it
 * does in every process that uses `process.stdout`; it takes it back at exit.
 */
export function openOutlet(fd: number): Outlet {
  if (!mayWait(fd)) return { fd, nonBlocking: false, close() {} };
  try {
    const own = openSync(
      `/proc/self/fd/${fd}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
    return { fd: own, nonBlocking: true, close: () => closeSync(own) };
  } catch {
    const stream =
      fd === 1 ? process.stdout : fd === 2 ? process.stderr : new Socket({ fd, readable: false }).unref();
    return { fd, nonBlocking: stream !== undefined && isNonBlocking(fd), close() {} };
  }
}

/** Says something on standard error, once; never waits, never throws. */
export function tellStandardError(text: string): void {
  const outlet = openOutlet(2);
  const { fd, nonBlocking } = outlet;
  try {
    if (nonBlocking || !mayWait(fd)) writeSync(fd, text);
    else write(fd, text, () => undefined);
  } catch {
    // There is nobody left to tell.
  }
  outlet.close();
}

function mayWait(fd: number): boolean {
  try {
    const file = fstatSync(fd);
    return file.isFIFO() || file.isSocket() || isatty(fd);
  } catch {
    return false;
  }
}

/** Linux tells; elsewhere nobody does. */
function isNonBlocking(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
  } catch {
    return false;
  }
}
