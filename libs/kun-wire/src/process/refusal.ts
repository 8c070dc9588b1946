import type { Duplex } from 'node:stream';
import { ConnectionError, ErrorCode } from '../frames/error-code.js';

/** Why a connection, a call or a stream was refused or ended by the wire. */
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
  /** What happened, as in the GOAWAY or status; contains nothing from the peer. */
  readonly detail: string;
  /** The byte stream it came over. */
  readonly socket: Duplex;
  /** The peer's address; empty where the stream has none. */
  readonly peer: string;
  /** What was ended by it. */
  readonly scope: 'connection' | 'stream';
}

/** A connection error that is counted under its own name. */
export class CountedError extends ConnectionError {
  constructor(
    /** The name it is counted under. */
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
