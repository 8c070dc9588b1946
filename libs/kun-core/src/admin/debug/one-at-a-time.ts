import { conflict } from '../access/http-error.js';

/** Runs work that may run only once at a time; `what` names it in the refusal. */
export type OneAtATime = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** Each slows the whole process, and two would be too much. */
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
