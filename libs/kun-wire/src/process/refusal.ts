import type { Duplex } from 'node:stream';
import { ConnectionError, ErrorCode } from '../frames/error-code.js';

/** Why the wire refused or ended a connection, a call or a stream. */
export type RefusalReason =
  | 'bad-preface'
  | 'preface-timeout'
  | 'header-timeout'
  | 'settings-timeout'
  | 'keepalive-timeout'
  | 'protocol-error'
  | 'stream-error'
  | 'too-many-streams'
  | 'going-away'
  | 'headers-too-large'
  | 'too-many-continuations'
  | 'control-flood'
  | 'overhead-flood'
  | 'reset-flood'
  | 'message-too-large'
  | 'unfinished-bytes'
  | 'unsent-bytes';

/** A refusal, as reported for logs and metrics. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** What happened, as in the GOAWAY or status; contains no data from the peer. */
  readonly detail: string;
  /** The byte stream of the connection. */
  readonly socket: Duplex;
  /** The peer's address; empty if the byte stream has none. */
  readonly peer: string;
  /** What was ended. */
  readonly scope: 'connection' | 'stream';
}

/** A connection error that is counted under its own reason. */
export class CountedError extends ConnectionError {
  constructor(
    /** The reason it is counted under. */
    readonly refusal: RefusalReason,
    code: number,
    reason: string,
  ) {
    super(code, reason);
  }
}

/** The peer caused more work than its limits allow. */
export class FloodError extends CountedError {
  constructor(refusal: RefusalReason, reason: string) {
    super(refusal, ErrorCode.ENHANCE_YOUR_CALM, reason);
  }
}

/** The reason under which an error that ends a connection is counted. */
export function refusalOf(error: ConnectionError): RefusalReason {
  return error instanceof CountedError ? error.refusal : 'protocol-error';
}
