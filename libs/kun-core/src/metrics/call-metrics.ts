import type { status } from '@grpc/grpc-js';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import { UNKNOWN_METHOD, type RpcMethod } from '../rpc/rpc-method.js';
import { codeName, goCodeName, STATUS_CODES } from '../status/code.js';
import { MethodCounts } from './method-counts.js';
import type { RpcDurations } from './rpc-durations.js';
import { MethodHistogram } from './method-histogram.js';

export interface CallMetricsOptions {
  /** The side whose calls are measured: names begin with `grpc_server_` or `grpc_client_`. Default: server */
  readonly side?: 'server' | 'client';
  /** Upper bounds of `handling_seconds`, ascending. Default: {@link DEFAULT_BUCKETS} */
  readonly buckets?: readonly number[] | undefined;
  /**
   * The spelling of `grpc_code`: `go` is `NotFound`, as in Go libraries and their dashboards; `grpc` is `NOT_FOUND`.
   * Default: go
   */
  readonly codeNames?: 'go' | 'grpc';
  /** Also records durations here, for OpenTelemetry. Default: nowhere */
  readonly durations?: RpcDurations | undefined;
}

/** The default buckets of Prometheus' Go client, in seconds, which go-grpc-prometheus uses. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The metrics of go-grpc-prometheus, with its names and labels: `started_total`, `handled_total`, `msg_received_total`,
 * `msg_sent_total` and `handling_seconds`; in addition `in_flight`.
 *
 * Calls are counted in plain numbers per method, and the series are built on scrape. Going through prom-client's labels
 * for every call would cost more than the rest of the chain.
 */
export class CallMetrics {
  private readonly methods = new Map<RpcMethod, MethodCounts>();
  private readonly buckets: readonly number[];
  private readonly codeLabel: (code: status) => string;
  private readonly durations: RpcDurations | undefined;

  constructor(registry: Registry, options: CallMetricsOptions = {}) {
    const side = options.side ?? 'server';
    this.buckets = options.buckets ?? DEFAULT_BUCKETS;
    this.durations = options.durations;
    this.codeLabel = options.codeNames === 'grpc' ? codeName : goCodeName;
    const where = side === 'server' ? 'on the server' : 'by the client';
    this.counter(registry, `grpc_${side}_started_total`, `RPCs started ${where}`, (counts) => counts.started);
    this.handledCounter(
      registry,
      `grpc_${side}_handled_total`,
      `RPCs completed ${where}, by the code they ended with`,
    );
    this.counter(registry, `grpc_${side}_msg_received_total`, `Messages received ${where}`, (c) =>
      c.messagesReceived(),
    );
    this.counter(registry, `grpc_${side}_msg_sent_total`, `Messages sent ${where}`, (counts) =>
      counts.messagesSent(),
    );
    const inFlight = new Gauge({
      name: `grpc_${side}_in_flight`,
      help: `RPCs started ${where} and not yet completed`,
      labelNames: METHOD_LABELS,
      registers: [registry],
      collect: () => {
        for (const counts of this.methods.values())
          inFlight.set(counts.labels, counts.started - counts.handled);
      },
    });
    registry.registerMetric(
      new MethodHistogram(
        {
          name: `grpc_${side}_handling_seconds`,
          help: `Time from the start of RPCs to their end ${where}, in seconds`,
          labelNames: METHOD_LABELS,
          buckets: [...this.buckets],
          registers: [],
        },
        () => this.methods.values(),
      ),
    );
  }

  /** Initializes the methods' series to 0, so that `rate()` sees the first call of each as an increase. */
  prepare(methods: Iterable<RpcMethod>): void {
    for (const method of methods) this.countsOf(method);
  }

  /** Counts the start of a call; its end must be reported to the returned counts. */
  start(call: RpcCall): MethodCounts {
    const counts = this.methods.get(call.method) ?? this.countsOf(call.method);
    counts.begin(call);
    return counts;
  }

  /** A call passed to {@link start} has ended. */
  end(call: RpcCall, ending: Ending): void {
    this.methods.get(call.method)?.end(call, ending);
  }

  private countsOf(method: RpcMethod): MethodCounts {
    let counts = this.methods.get(method);
    if (counts) return counts;
    counts = new MethodCounts(method, this.buckets, this.durations?.of(method));
    this.methods.set(method, counts);
    return counts;
  }

  private counter(
    registry: Registry,
    name: string,
    help: string,
    read: (counts: MethodCounts) => number,
  ): void {
    const counter = new Counter({
      name,
      help,
      labelNames: METHOD_LABELS,
      registers: [registry],
      collect: () => {
        counter.reset();
        for (const counts of this.methods.values()) counter.inc(counts.labels, read(counts));
      },
    });
  }

  private handledCounter(registry: Registry, name: string, help: string): void {
    const counter = new Counter({
      name,
      help,
      labelNames: [...METHOD_LABELS, 'grpc_code'],
      registers: [registry],
      collect: () => {
        counter.reset();
        for (const counts of this.methods.values()) {
          for (const code of STATUS_CODES) {
            const handled = counts.handledByCode[code] ?? 0;
            // Unknown methods end in few ways, and need no series for the others.
            if (handled === 0 && counts.method === UNKNOWN_METHOD) continue;
            counter.inc({ ...counts.labels, grpc_code: this.codeLabel(code) }, handled);
          }
        }
      },
    });
  }
}

const METHOD_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;
