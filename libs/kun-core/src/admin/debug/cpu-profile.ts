import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Records a CPU profile for `seconds` or until `signal` aborts; as JSON, the result is a `.cpuprofile`. It costs a few
 * per cent meanwhile.
 */
export async function cpuProfile(seconds: number, signal: AbortSignal): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    // When the client has disconnected the profile still has to end.
    await pause(seconds * 1000, undefined, { signal }).catch(() => {});
    const { profile } = await session.post('Profiler.stop');
    return profile;
  } finally {
    session.disconnect();
  }
}
