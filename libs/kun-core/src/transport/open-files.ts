import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/**
 * How many files and connections the process may have open (`ulimit -n`; Node raises the soft limit to the hard one as it
 * starts). `undefined` where the system does not say (other than Linux), or sets none.
 */
export function readOpenFileLimit(): number | undefined {
  try {
    const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    return Number.isInteger(limit) ? limit : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The number of a connection's descriptor, `undefined` where Node does not tell. The kernel hands out the lowest that is
 * free, so that of a new connection says how many are open, and costs nothing to ask.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: unknown } | null };
  const descriptor = handle?.fd;
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
}
