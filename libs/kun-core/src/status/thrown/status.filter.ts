import { inspect } from 'node:util';
import { STATUS_CODES } from 'node:http';
import { Catch, Inject, Logger, Optional, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError, type Observable } from 'rxjs';
import { findDetail } from '../wire/service-error.js';
import { isHttpException } from './nest-exceptions.js';
import { httpStatusOf, codeOfHttpStatus } from '../http-status.js';
import type { StatusError } from '../status-error.js';
import { toStatusJson } from '../status-json.js';
import { toStatusError, type ToStatusErrorOptions } from './to-status-error.js';
import { isErrorCode } from '../code.js';
import { fieldOf } from '../details/field-of.js';
import { hiddenError } from './hidden-error.js';

/** Provides the filter's options, `ToStatusErrorOptions`, to a `StatusFilter` made by Nest */
export const STATUS_FILTER_OPTIONS = Symbol('STATUS_FILTER_OPTIONS');

/**
 * Nest's exception filter for both sides of a service:
 *
 * - RPC: hands the original error on, unread and unlogged, so that Nest's own handler does not replace it by
 *   `{ status: 'error' }` and the server's recovery decides what the caller sees, and logs it once.
 * - HTTP: answers the same mapping as JSON, `{ code, status, message, details }`, with the HTTP status by the
 *   table and `Retry-After` from RetryInfo. Hidden errors are logged here, once. An `HttpException` keeps the
 *   status it was thrown with; one whose body is an object without `message` (a health check's report) keeps
 *   its body too.
 *
 * Use it as a provider, `{ provide: APP_FILTER, useClass: StatusFilter }`.
 */
@Catch()
export class StatusFilter implements ExceptionFilter {
  private readonly logger = new Logger(StatusFilter.name);

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Optional() @Inject(STATUS_FILTER_OPTIONS) private readonly options: ToStatusErrorOptions = {},
  ) {}

  catch(exception: unknown, host: ArgumentsHost): Observable<never> | void {
    if (host.getType() === 'http') return this.answerHttp(exception, host);
    return throwError(() => exception);
  }

  private answerHttp(exception: unknown, host: ArgumentsHost): void {
    const answered = isHttpError(exception) ? fromHttpError(exception, this.options) : undefined;
    const error = answered ?? toStatusError(exception, this.options);
    // A request that Express could not read is the caller's mistake, and no news.
    if (error.hidesCause && !(answered && httpStatusFor(exception, error) < 500)) this.logHidden(exception);
    const adapter = this.adapterHost.httpAdapter;
    const response: unknown = host.switchToHttp().getResponse();
    if (adapter.isHeadersSent(response)) {
      adapter.end(response);
      return;
    }
    const retry = findDetail(error, 'google.rpc.RetryInfo');
    if (retry) adapter.setHeader(response, 'Retry-After', retryAfter(retry.retryDelayMs));
    const httpStatus = httpStatusFor(exception, error);
    adapter.reply(response, ownBody(exception) ?? toStatusJson(error, httpStatus), httpStatus);
  }

  private logHidden(exception: unknown): void {
    const what = exception instanceof Error ? exception : `Thrown, and no Error: ${inspect(exception)}`;
    this.logger.error(what);
  }
}

/** Whole seconds, rounded up: RFC 9110, 10.2.3 */
function retryAfter(delayMs: number): string {
  return String(Math.max(0, Math.ceil(delayMs / 1000)));
}

// The table is many to one, so the way there and back would turn a 410 into a 404.
function httpStatusFor(exception: unknown, error: StatusError): number {
  if (isHttpException(exception)) return exception.getStatus();
  return isHttpError(exception) ? exception.statusCode : httpStatusOf(error.code);
}

function ownBody(exception: unknown): object | undefined {
  if (!isHttpException(exception)) return undefined;
  const response = exception.getResponse();
  const isOwn = typeof response === 'object' && !(response instanceof Error) && !('message' in response);
  return isOwn ? response : undefined;
}

/** An error of the `http-errors` package, which Express' body parsers and static files throw: an answer on HTTP. */
interface HttpError extends Error {
  readonly expose: boolean;
  readonly statusCode: number;
}

/** Whether an error has the shape of one. */
function isHttpError(value: unknown): value is HttpError {
  if (!(value instanceof Error) || typeof fieldOf(value, 'expose') !== 'boolean') return false;
  const statusCode = fieldOf(value, 'statusCode');
  return typeof statusCode === 'number' && isErrorCode(codeOfHttpStatus(statusCode));
}

/** By the HTTP table, with the HTTP status' own text: any library can write `expose: true` on an error. */
function fromHttpError(error: HttpError, options: { development?: boolean } = {}): StatusError {
  return hiddenError(codeOfHttpStatus(error.statusCode), error, {
    ...options,
    text: STATUS_CODES[error.statusCode],
  });
}
