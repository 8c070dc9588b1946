import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Records what the process spends its time on, for `seconds` or until `signal` aborts; what it gives is, as JSON, a
 * `.cpuprofile`. It costs a few per cent meanwhile.
 */
export async function cpuProfile(seconds: number, signal: AbortSignal): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    // Who leaves early wants it no more, and the profile ends all the same.
    await pause(seconds * 1000, undefined, { signal }).catch(() => {});
    const { profile } = await session.post('Profiler.stop');
    return profile;
  } finally {
    session.disconnect();
  }
}
