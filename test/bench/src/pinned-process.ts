import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ProcessLink, type Answers } from './process-link.js';

/** Which core a process keeps to, where the system has a way to say so. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Whether processes keep to their cores: with `taskset` and two cores. */
export const pinned =
  availableParallelism() > 1 && spawnSync('taskset', ['-p', String(process.pid)]).status === 0;

export interface PinnedProcessOptions {
  readonly name: string;
  readonly core: number;
  readonly entry: string;
  readonly args?: readonly string[];
  /** Where its standard output goes: an open file. Default: here */
  readonly stdout?: number;
}

/** Starts a process of this same Node. */
export function startPinned<Q extends Answers<Q>>(options: PinnedProcessOptions): ProcessLink<Q> {
  const { name, core, entry, args = [], stdout } = options;
  const command = [process.execPath, entry, ...args];
  const [file = '', ...rest] = pinned ? ['taskset', '-c', String(core), ...command] : command;
  const child = spawn(file, rest, { stdio: ['ignore', stdout ?? 'inherit', 'inherit', 'ipc'] });
  return new ProcessLink<Q>(child, name);
}

/** Keeps this process, and its threads to come, away from what is measured. */
export function leaveServerCore(): void {
  if (pinned) spawnSync('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(process.pid)]);
}
