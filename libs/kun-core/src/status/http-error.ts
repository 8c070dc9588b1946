import { STATUS_CODES } from 'node:http';
import { isErrorCode } from './code.js';
import { fieldOf } from './field-of.js';
import { hiddenError } from './hidden-error.js';
import { codeOfHttpStatus } from './http-status.js';
import { StatusError } from './status-error.js';

/**
 * An error of the `http-errors` package, which Express' body parsers and static files throw. `expose` says
 * whether its text was written for the caller.
 */
export interface HttpError extends Error {
  readonly expose: boolean;
  readonly statusCode: number;
}

export function isHttpError(value: unknown): value is HttpError {
  if (!(value instanceof Error) || typeof fieldOf(value, 'expose') !== 'boolean') return false;
  const statusCode = fieldOf(value, 'statusCode');
  return typeof statusCode === 'number' && isErrorCode(codeOfHttpStatus(statusCode));
}

/** By the HTTP table; a text that is not for the caller is replaced by the HTTP status' own */
export function fromHttpError(error: HttpError, options: { development?: boolean } = {}): StatusError {
  const code = codeOfHttpStatus(error.statusCode);
  if (error.expose) return new StatusError(code, error.message, { cause: error });
  return hiddenError(code, error, { ...options, text: STATUS_CODES[error.statusCode] });
}
