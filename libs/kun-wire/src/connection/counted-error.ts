import { ConnectionError } from '../frames/connection-error.js';
import { ErrorCode } from '../frames/error-code.js';
import type { RefusalReason } from './wire-stats.js';

/** An error of a connection that is counted by a name of its own. */
export class CountedError extends ConnectionError {
  constructor(
    /** What it is counted as. */
    readonly refusal: RefusalReason,
    code: number,
    reason: string,
  ) {
    super(code, reason);
  }
}

/** The peer made more work than its limits allow. */
export class FloodError extends CountedError {
  constructor(refusal: RefusalReason, reason: string) {
    super(refusal, ErrorCode.ENHANCE_YOUR_CALM, reason);
  }
}

/** What an error that ends a connection is counted as. */
export function refusalOf(error: ConnectionError): RefusalReason {
  return error instanceof CountedError ? error.refusal : 'protocol-error';
}
