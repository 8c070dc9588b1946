import { STATUS_CODES } from 'node:http';
import { isErrorCode } from './code.js';
import { fieldOf } from './field-of.js';
import { hiddenError } from './hidden-error.js';
import { codeOfHttpStatus } from './http-status.js';
import type { StatusError } from './status-error.js';

/** An error of the `http-errors` package, which Express' body parsers and static files throw: an answer on HTTP. */
export interface HttpError extends Error {
  readonly expose: boolean;
  readonly statusCode: number;
}

/** Whether an error has the shape of one. */
export function isHttpError(value: unknown): value is HttpError {
  if (!(value instanceof Error) || typeof fieldOf(value, 'expose') !== 'boolean') return false;
  const statusCode = fieldOf(value, 'statusCode');
  return typeof statusCode === 'number' && isErrorCode(codeOfHttpStatus(statusCode));
}

/** By the HTTP table, with the HTTP status' own text: any library can write `expose: true` on an error. */
export function fromHttpError(error: HttpError, options: { development?: boolean } = {}): StatusError {
  return hiddenError(codeOfHttpStatus(error.statusCode), error, {
    ...options,
    text: STATUS_CODES[error.statusCode],
  });
}
