import { STATUS_CODES } from 'node:http';
import type { HttpErrorAnswer } from '../answers/process.js';

/** The refusal of a request to the admin port; its message is sent to the client and says what to do. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    /** The HTTP status. */
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

/** 400: something in the request is invalid. */
export function badRequest(message: string): HttpError {
  return new HttpError(400, message);
}

/** 403: it is not allowed here, for anybody. */
export function forbidden(message: string): HttpError {
  return new HttpError(403, message);
}

/** 409: it cannot be done now; the message says what to wait for or change. */
export function conflict(message: string): HttpError {
  return new HttpError(409, message);
}

/** 429: too much is already in progress. */
export function tooMany(message: string): HttpError {
  return new HttpError(429, message, { 'Retry-After': '5' });
}

/** 404: it does not exist. */
export function notFound(message: string): HttpError {
  return new HttpError(404, message);
}
