import { ConnectionError } from '../frames/connection-error.js';
import { ErrorCode } from '../frames/error-code.js';
import type { RefusalReason } from './wire-stats.js';

/** The peer made more work than its limits allow. */
export class FloodError extends ConnectionError {
  constructor(
    /** What it is counted as. */
    readonly refusal: RefusalReason,
    reason: string,
  ) {
    super(ErrorCode.ENHANCE_YOUR_CALM, reason);
  }
}

/** What an error that ends a connection is counted as. */
export function refusalOf(error: ConnectionError): RefusalReason {
  if (error instanceof FloodError) return error.refusal;
  return error.code === ErrorCode.SETTINGS_TIMEOUT ? 'settings-timeout' : 'protocol-error';
}
