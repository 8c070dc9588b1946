import { conflict } from '../access/http-error.js';

/** Does work of which there may be one at a time, by what it is called in a refusal. */
export type OneAtATime = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** Each costs the whole process something, and two of them more than it has. */
export function oneAtATime(): OneAtATime {
  let running: string | undefined;
  return async (what, work) => {
    if (running !== undefined) throw conflict(`${running} is being taken; ask again when it is done`);
    running = what;
    try {
      return await work();
    } finally {
      running = undefined;
    }
  };
}
