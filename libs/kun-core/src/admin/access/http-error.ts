import { STATUS_CODES } from 'node:http';
import type { HttpErrorAnswer } from '../answers/process.js';

/** A request to the admin port that is not done; the message goes to whoever asked, and says how to mend it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    /** Of HTTP. */
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get answer(): HttpErrorAnswer {
    return { error: STATUS_CODES[this.status] ?? 'Error', message: this.message };
  }
}

/** Something in the request that cannot be used. */
export function badRequest(message: string): HttpError {
  return new HttpError(400, message);
}

/** It may not be done here, whoever asks. */
export function forbidden(message: string): HttpError {
  return new HttpError(403, message);
}

/** It cannot be done now; what is in the way goes away by itself or by the remedy named. */
export function conflict(message: string): HttpError {
  return new HttpError(409, message);
}

/** As much is under way as may be. */
export function tooMany(message: string): HttpError {
  return new HttpError(429, message, { 'Retry-After': '5' });
}

/** What was asked for is not there. */
export function notFound(message: string): HttpError {
  return new HttpError(404, message);
}
