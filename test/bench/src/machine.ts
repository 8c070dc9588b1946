import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { LOAD_CORE, pinned, SERVER_CORE } from './pinned-process.js';

/** Above this, others work on the machine, and figures tell of them too. */
const QUIET_LOAD = 0.5;

/** What else a process needs: modules, its log, metrics. */
const OTHER_FILES = 500;

/** As many connections as were asked for, or as the limit of open files leaves to one process. */
export function heldConnections(wanted: number): number {
  // Node raises its own limit to the hard one as it starts.
  const limit = Number(spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout);
  return Number.isInteger(limit) ? Math.min(wanted, limit - OTHER_FILES) : wanted;
}

/** What the figures were measured on. */
export function machineFacts(): string[] {
  const [lastMinute = 0] = loadavg();
  const memoryGiB = Math.round(totalmem() / 1024 ** 3);
  const model = cpus()[0]?.model ?? 'unknown processor';
  return [
    `Node ${process.version} (V8 ${process.versions.v8}), ${process.platform} ${release()}, ${process.arch}`,
    `${model}, ${cpus().length} cores, ${memoryGiB} GiB; ${
      pinned
        ? `server on core ${SERVER_CORE}, load on core ${LOAD_CORE}`
        : 'nothing is pinned to a core: no taskset, or one core only'
    }`,
    ...(lastMinute > QUIET_LOAD
      ? [`the machine is not idle (load ${lastMinute.toFixed(2)} in the last minute): expect wide ranges`]
      : []),
  ];
}
