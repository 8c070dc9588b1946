import type { status as Code } from '@grpc/grpc-js';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import { UNKNOWN_METHOD, type RpcMethod } from '../rpc/rpc-method.js';
import { isFailure } from '../traces/rpc-span.js';
import { recordedSpan } from '../traces/trace-context.js';

/** A thrown error. */
export interface Cause {
  readonly type: string;
  readonly message: string;
}

/** A failed call, without references that would keep it in memory. */
export interface Failure {
  readonly seq: number;
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly side: 'server' | 'client';
  readonly upstream: string | undefined;
  readonly method: RpcMethod;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly peer: string;
  readonly code: Code;
  /** The message that the caller received. */
  readonly message: string;
  readonly causes: readonly Cause[];
  readonly endedBy: Ending['cause'];
  readonly durationMs: number;
  readonly attempt: number;
  readonly severity: 'fault' | 'answer';
}

/** How many of each severity are kept, so that callers' NOT_FOUNDs do not displace real faults. */
const KEPT = { fault: 256, answer: 128 } as const;
/** The maximum of one method while others failed, too, so that the loudest does not displace them. */
const KEPT_OF_METHOD = 64;
const MAX_CAUSES = 6;
const MAX_TEXT = 1000;

/** The last failed calls, bounded in number and size. */
export class FailedCalls {
  private readonly kept = { fault: [] as Failure[], answer: [] as Failure[] };
  private seq = 0;

  add(call: RpcCall, ending: Ending, upstream: string | undefined): void {
    const severity = isFault(call.method, ending.code) ? 'fault' : 'answer';
    const failures = this.kept[severity];
    if (failures.length >= KEPT[severity]) failures.splice(oldestOfLoudest(failures, call.method), 1);
    failures.push({
      seq: ++this.seq,
      at: Math.round(call.startedAt + ending.durationMs),
      side: call.side,
      upstream,
      method: call.method,
      requestId: call.requestId,
      traceId: call.get(recordedSpan)?.traceId,
      peer: call.peer,
      code: ending.code,
      message: cut(ending.message),
      causes: causesOf(ending),
      endedBy: ending.cause,
      durationMs: ending.durationMs,
      attempt: call.attempt,
      severity,
    });
  }

  /** The number of the last one added; 0 when there is none. */
  get last(): number {
    return this.seq;
  }

  /** The failures after `seq`, latest first. */
  since(seq = 0): Failure[] {
    const { fault, answer } = this.kept;
    return [...fault, ...answer].filter((each) => each.seq > seq).toSorted((a, b) => b.seq - a.seq);
  }
}

/** Whether the service or an upstream caused it, as in traces; unknown methods are their callers' fault. */
function isFault(method: RpcMethod, code: Code): boolean {
  return method !== UNKNOWN_METHOD && isFailure(code, 'server');
}

/** The oldest of the method that has too many, or of all. */
function oldestOfLoudest(failures: readonly Failure[], method: RpcMethod): number {
  let own = 0;
  for (const each of failures) if (each.method === method) own++;
  return own >= KEPT_OF_METHOD ? failures.findIndex((each) => each.method === method) : 0;
}

/** Messages only: errors' fields may hold whole requests, and stacks are in the log. */
function causesOf({ error }: Ending): Cause[] {
  const causes: Cause[] = [];
  let thrown: unknown = error?.hidesCause ? error.cause : error;
  while (thrown !== undefined && thrown !== null && causes.length < MAX_CAUSES) {
    // A status as grpc-js gives it, whose text the error above has already.
    if (causes.length > 0 && typeof thrown === 'object' && !(thrown instanceof Error)) break;
    causes.push(causeOf(thrown));
    thrown = thrown instanceof Error ? thrown.cause : undefined;
  }
  // The status itself says the code and the message again.
  return error && causes.length === 1 && !(thrown instanceof Error) && causes[0]?.message === error.message
    ? []
    : causes;
}

function causeOf(thrown: unknown): Cause {
  try {
    if (thrown instanceof Error) {
      return { type: cut(thrown.constructor?.name || thrown.name), message: cut(thrown.message) };
    }
    return { type: typeof thrown, message: typeof thrown === 'string' ? cut(thrown) : typeof thrown };
  } catch {
    return { type: 'unknown', message: 'an unreadable value' };
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
}
