import { createHook } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { ExplainedError } from '@kun/config';

/** Something outlives a test; the message says what, and where it was made. */
export class TestLeakError extends ExplainedError {
  override readonly name = 'TestLeakError';
}

/** Watches from when it was made on. */
export interface LeakWatch {
  /**
   * Gives what is being closed half a second, then stops watching.
   *
   * @throws {TestLeakError} naming each timer, server, connection, watcher and listener that would keep the process alive.
   */
  check(): Promise<void>;
  /** The same: `await using leaks = watchLeaks()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What keeps a process alive, by the names of Node's resources. */
const KINDS: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  TCPSERVERWRAP: 'a listening port',
  TCPWRAP: 'a connection',
  PIPESERVERWRAP: 'a listening socket',
  PIPEWRAP: 'a pipe',
  UDPWRAP: 'a UDP socket',
  FSEVENTWRAP: 'a watched file',
  STATWATCHER: 'a watched file',
  PROCESSWRAP: 'a process',
  WORKER: 'a thread',
};

/** A last message, or a connection on its way out. */
const ROUNDS = 25;
const ROUND_MS = 20;

/** A runner has its own timers. */
const NOT_THE_TESTS = /[\\/](?:vitest|@vitest|jest[\w-]*|mocha|tinypool)[\\/]/;

/**
 * Watches what is made from now on and would keep the process alive, in this process as a whole: start it before the
 * service, and check when everything is closed.
 *
 * ```ts
 * const leaks = watchLeaks();
 * // start, test, close
 * await leaks.check();
 * ```
 */
export function watchLeaks(): LeakWatch {
  const made = new Map<
    number,
    { readonly kind: string; readonly resource: object; readonly stack: string }
  >();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      const kind = KINDS[type];
      if (kind !== undefined) made.set(id, { kind, resource, stack: new Error('made').stack ?? '' });
    },
    destroy: (id) => void made.delete(id),
  }).enable();
  const listenersBefore = processListeners();
  const left = () => [
    ...[...made.values()].flatMap(({ kind, resource, stack }) => {
      const place = placeOf(stack);
      return isAlive(resource) && place !== undefined ? [`${kind}, made at ${place}`] : [];
    }),
    ...[...processListeners()].flatMap(([event, count]) => {
      const more = count - (listenersBefore.get(event) ?? 0);
      return more > 0 ? [`${more} more listening to "${event}" of the process`] : [];
    }),
  ];
  const check = async () => {
    for (let round = 0; round < ROUNDS && left().length > 0; round++) {
      await delay(ROUND_MS, undefined, { ref: false });
    }
    hook.disable();
    const leaks = left();
    if (leaks.length === 0) return;
    throw new TestLeakError(
      `what was made in this test outlives it:\n${leaks.map((leak) => `- ${leak}`).join('\n')}\n` +
        'Close it in onModuleDestroy or lifecycle.onStop(...), or in the test that made it',
    );
  };
  return { check, [Symbol.asyncDispose]: check };
}

/** Whether it would keep the process alive. */
function isAlive(resource: object): boolean {
  if (!('hasRef' in resource) || typeof resource.hasRef !== 'function') return true;
  return resource.hasRef() === true;
}

/** The first line of a stack that is not Node's; nothing for what is not the test's. */
function placeOf(stack: string): string | undefined {
  const frames = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''));
  // `fetch` keeps connections for later.
  if (frames.some((frame) => frame.includes('internal/deps/undici'))) return undefined;
  const own = frames.find((frame) => !/node:|watch-leaks\.[jt]s/.test(frame));
  // A name that was looked up first is one such.
  if (own === undefined) return 'a place that the stack does not say';
  return NOT_THE_TESTS.test(own) ? undefined : own;
}

function processListeners(): Map<string, number> {
  return new Map(process.eventNames().map((event) => [String(event), process.listenerCount(event)]));
}
