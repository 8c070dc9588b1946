import type { LoggerService } from '@nestjs/common';
import { withoutAdminStart } from '../admin/quiet-start.js';

/**
 * Nest's logger while the application is created and started. Drops Nest's "successfully started", which is logged
 * before any port is open; kun logs `serving` once that is true.
 */
export function startLogger(logger: LoggerService): LoggerService {
  return withoutAdminStart({
    ...logger,
    log: (message: unknown, ...rest: unknown[]) => {
      if (!isSuccess(message, rest.at(-1))) logger.log(message, ...rest);
    },
  });
}

function isSuccess(message: unknown, context: unknown): boolean {
  return (
    (context === 'NestApplication' || context === 'NestMicroservice') &&
    typeof message === 'string' &&
    message.endsWith('successfully started')
  );
}
