import { createInterface } from 'node:readline/promises';
import { InterruptedError, type Ask } from './terminal.js';

/** Asks questions on a terminal, one after the other. */
export function askOn(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Ask {
  return async (question, fallback) => {
    const lines = createInterface({ input, output });
    // Otherwise Ctrl-D leaves the question open, and the process ends as if it had succeeded.
    const left = new Promise<never>((_, reject) => {
      lines.once('close', () => reject(new InterruptedError('nothing was written')));
      lines.once('SIGINT', () => reject(new InterruptedError('nothing was written')));
    });
    try {
      const answer = await Promise.race([lines.question(`${question} (${fallback}): `), left]);
      return answer.trim() === '' ? fallback : answer.trim();
    } finally {
      left.catch(() => {});
      lines.close();
    }
  };
}
