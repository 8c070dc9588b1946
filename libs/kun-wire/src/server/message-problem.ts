import { StatusCode } from '../grpc/status.js';
import type { RefusalReason } from '../process/refusal.js';

/** What is wrong with a request message. */
export type MessageProblem = 'flags' | 'too large' | 'not compressed' | 'malformed' | 'no room';

/** The status message, and the reason it is counted under if it exceeded a limit. */
export interface ProblemDescription {
  readonly code: number;
  readonly text: string;
  readonly reason: RefusalReason | undefined;
}

/** The status for a problem (gRPC over HTTP/2, and the guide to compression in gRPC). */
export function describeProblem(problem: MessageProblem, maxMessageBytes: number): ProblemDescription {
  if (problem === 'too large') {
    const text = `a message is larger than ${maxMessageBytes} bytes`;
    return { code: StatusCode.RESOURCE_EXHAUSTED, text, reason: 'message-too-large' };
  }
  if (problem === 'no room') {
    const text = 'too many bytes of requests are unfinished';
    return { code: StatusCode.RESOURCE_EXHAUSTED, text, reason: 'unfinished-bytes' };
  }
  return { code: StatusCode.INTERNAL, text: MALFORMED[problem], reason: undefined };
}

const MALFORMED = {
  flags: 'the flags of a message are unknown',
  'not compressed': 'a compressed message came without a grpc-encoding',
  malformed: 'a compressed message is malformed',
} as const;
