import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { STATUS_CODES } from '../status/code.js';
import { recordedSpan } from '../traces/trace-context.js';
import type { Exemplar } from './openmetrics.js';
import type { MethodDurations } from './rpc-durations.js';

/** The counts of one method. */
export class MethodCounts {
  readonly labels: {
    readonly grpc_type: string;
    readonly grpc_service: string;
    readonly grpc_method: string;
  };
  started = 0;
  handled = 0;
  /** Indexed by status code. */
  readonly handledByCode: number[] = STATUS_CODES.map(() => 0);
  /** Calls by duration, not cumulative; the last bucket is for those above every bound. */
  readonly bucketCounts: number[];
  totalSeconds = 0;
  /** The last recorded call in each bucket. */
  readonly exemplars: Array<Exemplar | undefined> = [];

  private received = 0;
  private sent = 0;
  /** Open streams, whose messages must be counted while they run, since a stream may last for days. */
  private readonly streams: Set<RpcCall> | undefined;

  constructor(
    readonly method: RpcMethod,
    private readonly bounds: readonly number[],
    /** Also records durations here when OpenTelemetry metrics are exported. */
    private readonly durations: MethodDurations | undefined,
  ) {
    this.labels = Object.freeze({
      grpc_type: method.typeLabel,
      grpc_service: method.service,
      grpc_method: method.name,
    });
    this.bucketCounts = [...bounds, Infinity].map(() => 0);
    if (method.requestStream || method.responseStream) this.streams = new Set();
  }

  begin(call: RpcCall): void {
    this.started++;
    this.streams?.add(call);
  }

  end(call: RpcCall, ending: Ending): void {
    this.streams?.delete(call);
    this.received += call.received;
    this.sent += call.sent;
    this.handled++;
    this.handledByCode[ending.code] = (this.handledByCode[ending.code] ?? 0) + 1;
    const seconds = ending.durationMs / 1000;
    this.totalSeconds += seconds;
    let bucket = 0;
    // Most calls are short, so a linear search usually ends immediately.
    while (bucket < this.bounds.length && seconds > (this.bounds[bucket] ?? Infinity)) bucket++;
    this.bucketCounts[bucket] = (this.bucketCounts[bucket] ?? 0) + 1;
    this.durations?.add(call, ending);
    const span = call.get(recordedSpan);
    if (!span) return;
    this.exemplars[bucket] = {
      labelSet: { trace_id: span.traceId, span_id: span.spanId },
      value: seconds,
      timestamp: (call.startedAt + ending.durationMs) / 1000,
    };
  }

  messagesReceived(): number {
    let total = this.received;
    for (const call of this.streams ?? []) total += call.received;
    return total;
  }

  messagesSent(): number {
    let total = this.sent;
    for (const call of this.streams ?? []) total += call.sent;
    return total;
  }
}
