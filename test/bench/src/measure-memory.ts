import { setTimeout as delay } from 'node:timers/promises';
import type { Contender } from './contenders.js';
import { withContest, type Verdict } from './contest.js';
import type { Scenario } from './scenarios.js';

/** What one process of one contender holds for connections or streams that do nothing. */
export interface MemorySample extends Verdict {
  readonly held: number;
  /** The process's growth, and that of its objects and buffers, for each one held. */
  readonly rssKiBEach: number;
  readonly heapKiBEach: number;
  /** The whole process while it holds them. */
  readonly rssMiB: number;
}

const BYTES_PER_KIB = 1024;
const BYTES_PER_MIB = 1024 * BYTES_PER_KIB;

/** What came in a hurry is dealt with, and what was sent is gone. */
const SETTLE_MS = 1500;
/** Before those that are counted, so that what is made once is there. */
const FIRST = 10;
/** Opened one step after the other: neither side is to wait for a queue of ten thousand. */
const STEP = 500;

/** Starts a contender, has it hold connections or streams, looks at its memory, and stops it. */
export function measureMemory(contender: Contender, scenario: Scenario): Promise<MemorySample> {
  return withContest(contender, scenario, async ({ server, load, target, end }) => {
    const look = async () => {
      await delay(SETTLE_MS);
      return server.ask('memory');
    };
    await load.ask('hold', { ...target, count: FIRST });
    const before = await look();
    const count = scenario.connections - FIRST;
    for (let opened = 0; opened < count; opened += STEP) {
      await load.ask('hold', { ...target, count: Math.min(STEP, count - opened) });
    }
    const after = await look();
    const totals = await load.ask('release');
    const held = count * scenario.inFlight;
    return {
      held,
      rssKiBEach: (after.rssBytes - before.rssBytes) / held / BYTES_PER_KIB,
      heapKiBEach: (after.heapBytes - before.heapBytes) / held / BYTES_PER_KIB,
      rssMiB: after.rssBytes / BYTES_PER_MIB,
      ...(await end(totals)),
    };
  });
}
