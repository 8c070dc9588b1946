import { STATUS_CODES } from 'node:http';
import {
  Catch,
  HttpException,
  ServiceUnavailableException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ProbeLogger } from '../lifecycle/checks.js';

/** Answers a failed probe with Terminus' body, and any other error with its status and no internals. */
@Catch()
export class AdminExceptionFilter implements ExceptionFilter {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly logger: ProbeLogger,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    if (exception instanceof ServiceUnavailableException) {
      httpAdapter.reply(response, exception.getResponse(), 503);
      return;
    }
    const status = statusOf(exception);
    if (status === undefined) {
      const why = exception instanceof Error ? exception.message : String(exception);
      this.logger.warn(`a request to the admin port failed: ${why}`);
    }
    httpAdapter.reply(response, { error: STATUS_CODES[status ?? 500] ?? 'Error' }, status ?? 500);
  }
}

/** The status of Nest's own errors, and of Express' for a malformed request; `undefined` for unexpected errors. */
function statusOf(exception: unknown): number | undefined {
  if (exception instanceof HttpException) return exception.getStatus();
  if (!(exception instanceof Error) || !('status' in exception)) return undefined;
  const { status } = exception;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
