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

/** Answers a failed probe with Terminus' body, and everything else with its status and nothing of the inside. */
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
    if (status === 500) {
      const why = exception instanceof Error ? exception.message : String(exception);
      this.logger.warn(`admin request failed: ${why}`);
    }
    httpAdapter.reply(response, { error: STATUS_CODES[status] ?? 'Error' }, status);
  }
}

/** Nest's own errors, and Express' for a request it cannot read (`status` 400 to 499). */
function statusOf(exception: unknown): number {
  if (exception instanceof HttpException) return exception.getStatus();
  if (exception instanceof Error && 'status' in exception && typeof exception.status === 'number') {
    return exception.status >= 400 && exception.status < 500 ? exception.status : 500;
  }
  return 500;
}
