import type { Attributes } from '@opentelemetry/api';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { codeName } from '../status/code.js';
import { isFailure, serverAttributes, spanShape } from '../traces/rpc-span.js';

/** Upper bounds in seconds, inclusive. Source: `rpc.*.call.duration` of the semantic conventions 1.45. */
export const DURATION_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** The durations of calls with the same attributes. */
export interface DurationSeries {
  readonly attributes: Attributes;
  /** Calls by duration, not cumulative; the last bucket is for those above every bound. */
  readonly bucketCounts: readonly number[];
  readonly totalSeconds: number;
}

/**
 * Call durations by OpenTelemetry's stable conventions for RPC (semantic conventions 1.45): by method, status code and,
 * on a client, the called upstream. Calls are counted in plain numbers; the metric is built on export.
 */
export class RpcDurations {
  /** `rpc.server.call.duration` or `rpc.client.call.duration`. */
  readonly name: string;
  readonly description: string;
  private readonly methods: MethodDurations[] = [];

  constructor(readonly side: 'server' | 'client') {
    this.name = `rpc.${side}.call.duration`;
    this.description = `Duration of ${side === 'server' ? 'incoming' : 'outgoing'} calls`;
  }

  /** The durations of one method. */
  of(method: RpcMethod): MethodDurations {
    const durations = new MethodDurations(method, this.side);
    this.methods.push(durations);
    return durations;
  }

  /** All series recorded so far. */
  *series(): Iterable<DurationSeries> {
    for (const method of this.methods) yield* method.series();
  }
}

/** The durations of one method's calls. */
export class MethodDurations {
  /** By the upstream's target, of which there are as many as configured; `''` on a server. */
  private readonly byTarget = new Map<string, Series[]>();

  constructor(
    private readonly method: RpcMethod,
    private readonly side: 'server' | 'client',
  ) {}

  add(call: RpcCall, ending: Ending): void {
    const target = this.side === 'client' ? call.peer : '';
    let byCode = this.byTarget.get(target);
    if (!byCode) this.byTarget.set(target, (byCode = []));
    const series = (byCode[ending.code] ??= this.newSeries(target, ending));
    series.add(ending.durationMs / 1000);
  }

  *series(): Iterable<DurationSeries> {
    // Codes that have not occurred leave holes.
    for (const byCode of this.byTarget.values()) yield* byCode.filter(Boolean);
  }

  private newSeries(target: string, { code }: Ending): Series {
    const name = codeName(code);
    return new Series({
      ...spanShape(this.method).attributes,
      'rpc.status_code': name,
      ...(isFailure(code, this.side) && { 'error.type': name }),
      ...(this.side === 'client' && serverAttributes(target)),
    });
  }
}

class Series implements DurationSeries {
  readonly bucketCounts: number[] = [...DURATION_BOUNDS, Infinity].map(() => 0);
  totalSeconds = 0;

  constructor(readonly attributes: Attributes) {}

  add(seconds: number): void {
    let bucket = 0;
    // Most calls are short, so a linear search usually ends immediately.
    while (bucket < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[bucket] ?? Infinity)) bucket++;
    this.bucketCounts[bucket] = (this.bucketCounts[bucket] ?? 0) + 1;
    this.totalSeconds += seconds;
  }
}
