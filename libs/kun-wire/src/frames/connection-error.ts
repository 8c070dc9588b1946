import { errorCodeName } from './error-code.js';

/** The peer broke a rule in a way that the connection cannot outlive (RFC 9113, section 5.4.1). */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(
    /** What the GOAWAY says: a code of RFC 9113, section 7. */
    readonly code: number,
    /** What happened, for the GOAWAY's debug data and for logs: in ASCII, without anything of the peer's. */
    readonly reason: string,
  ) {
    super(`${errorCodeName(code)}: ${reason}`);
  }
}
