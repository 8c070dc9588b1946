import { closeSync, constants, fstatSync, openSync, readFileSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';

/** A file descriptor to write to, and whether writing to it may block. */
export interface Outlet {
  readonly fd: number;
  /** Whether a write takes what there is room for, or fails with EAGAIN. Never true for regular files and devices. */
  readonly nonBlocking: boolean;
  /** Closes what was opened for it; the original descriptor stays open. */
  close(): void;
}

/**
 * Makes writes to pipes, terminals and sockets fail instead of waiting for a reader. A blocking write cannot be
 * abandoned: on the event loop it stops the process, on a libuv thread it stops the exit.
 *
 * Pipes and terminals are reopened, because the flag belongs to the open file description, which child processes share.
 * Where that is impossible (sockets, a pipe of another user), Node's own stream sets the flag, as in every process that
 * uses `process.stdout`, and resets it at exit.
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

/** Writes a message to standard error, once; never waits, never throws. */
export function tellStandardError(text: string): void {
  const outlet = openOutlet(2);
  const { fd, nonBlocking } = outlet;
  try {
    if (nonBlocking || !mayWait(fd)) writeSync(fd, text);
    else write(fd, text, () => undefined);
  } catch {
    // Nothing more can be done.
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

/** Only Linux reports this. */
function isNonBlocking(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
  } catch {
    return false;
  }
}
