import type { LoggerService } from '@nestjs/common';
import { withoutAdminStart } from '../admin/quiet-start.js';

/**
 * What Nest writes to while the application is made and started. Its "successfully started" is left out: it comes
 * before a port is open, and kun says `serving` when that is true.
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
