import type { status as Code } from '@grpc/grpc-js';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import { UNKNOWN_METHOD, type RpcMethod } from '../rpc/rpc-method.js';
import { isFailure } from '../traces/rpc-span.js';
import { recordedSpan } from '../traces/trace-context.js';

/** One thing that was thrown. */
export interface Cause {
  readonly type: string;
  readonly message: string;
}

/** A call that failed, without anything that would keep it in memory. */
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
  /** What the caller was told. */
  readonly message: string;
  readonly causes: readonly Cause[];
  readonly endedBy: Ending['cause'];
  readonly durationMs: number;
  readonly attempt: number;
  readonly severity: 'fault' | 'answer';
}

/** How many of each severity are kept: callers who ask for what is not there must not push out what is wrong. */
const KEPT = { fault: 256, answer: 128 } as const;
/** Of one method, so many at most while others failed, too: the loudest must not be all there is. */
const KEPT_OF_METHOD = 64;
const MAX_CAUSES = 6;
const MAX_TEXT = 1000;

/** The calls that failed last, bounded in number and size. */
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

  /** The number of the last that was added; 0 where none was. */
  get last(): number {
    return this.seq;
  }

  /** Those after `seq`, the latest first. */
  since(seq = 0): Failure[] {
    const { fault, answer } = this.kept;
    return [...fault, ...answer].filter((each) => each.seq > seq).toSorted((a, b) => b.seq - a.seq);
  }
}

/** What is the service's doing or its upstreams', as in traces; methods that nobody has are their callers'. */
function isFault(method: RpcMethod, code: Code): boolean {
  return method !== UNKNOWN_METHOD && isFailure(code, 'server');
}

/** Of the method that has too many, or the oldest of all. */
function oldestOfLoudest(failures: readonly Failure[], method: RpcMethod): number {
  let own = 0;
  for (const each of failures) if (each.method === method) own++;
  return own >= KEPT_OF_METHOD ? failures.findIndex((each) => each.method === method) : 0;
}

/** Messages alone: fields of errors hold whole requests, and stacks are in the log. */
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
