import { STATUS_CODES } from 'node:http';
import type { ErrorAnswer } from '../answers/process.js';

/** A request to the admin port that is not done; the message goes to whoever asked, and says how to mend it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    /** Of HTTP. */
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get answer(): ErrorAnswer {
    return { error: STATUS_CODES[this.status] ?? 'Error', message: this.message };
  }
}

/** Something in the request that cannot be used. */
export function badRequest(message: string): Refusal {
  return new Refusal(400, message);
}

/** It may not be done here, whoever asks. */
export function forbidden(message: string): Refusal {
  return new Refusal(403, message);
}

/** It cannot be done now; what is in the way goes away by itself or by the remedy named. */
export function conflict(message: string): Refusal {
  return new Refusal(409, message);
}

/** As much is under way as may be. */
export function tooMany(message: string): Refusal {
  return new Refusal(429, message, { 'Retry-After': '5' });
}

/** What was asked for is not there. */
export function notFound(message: string): Refusal {
  return new Refusal(404, message);
}
