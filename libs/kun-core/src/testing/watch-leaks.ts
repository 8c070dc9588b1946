import { createHook } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { ExplainedError } from '@kun/config';

/** Something outlives a test; the message says what, and where it was created. */
export class TestLeakError extends ExplainedError {
  override readonly name = 'TestLeakError';
}

/** Watches everything created after it. */
export interface LeakWatch {
  /**
   * Waits up to half a second for what is being closed, then stops watching.
   *
   * @throws {TestLeakError} naming each timer, server, connection, watcher and listener that would keep the process
   * alive.
   */
  check(): Promise<void>;
  /** The same: `await using leaks = watchLeaks()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What keeps a process alive, by Node's names for such resources. */
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

/** Time for a last message, or for a connection that is closing. */
const ROUNDS = 25;
const ROUND_MS = 20;

/** Test runners have timers of their own. */
const NOT_THE_TESTS = /[\\/](?:vitest|@vitest|jest[\w-]*|mocha|tinypool)[\\/]/;

/**
 * Watches everything in this process that is created from now on and would keep it alive: start it before the service,
 * and check when everything is closed.
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
      return isAlive(resource) && place !== undefined ? [`${kind}, created at ${place}`] : [];
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
      `created in this test, and still alive after it:\n${leaks.map((leak) => `- ${leak}`).join('\n')}\n` +
        'Close it in onModuleDestroy or lifecycle.onStop(...), or in the test that created it',
    );
  };
  return { check, [Symbol.asyncDispose]: check };
}

/** Whether it would keep the process alive. */
function isAlive(resource: object): boolean {
  if (!('hasRef' in resource) || typeof resource.hasRef !== 'function') return true;
  return resource.hasRef() === true;
}

/** The first line of a stack outside Node; `undefined` for what the test did not create. */
function placeOf(stack: string): string | undefined {
  const frames = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''));
  // `fetch` keeps connections open for reuse.
  if (frames.some((frame) => frame.includes('internal/deps/undici'))) return undefined;
  const own = frames.find((frame) => !/node:|watch-leaks\.[jt]s/.test(frame));
  // This includes name lookups before a connection.
  if (own === undefined) return 'an unknown place';
  return NOT_THE_TESTS.test(own) ? undefined : own;
}

function processListeners(): Map<string, number> {
  return new Map(process.eventNames().map((event) => [String(event), process.listenerCount(event)]));
}
