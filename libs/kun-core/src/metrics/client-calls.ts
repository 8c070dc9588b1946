import type { status } from '@grpc/grpc-js';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { codeName, goCodeName } from '../status/code.js';

/**
 * `kun_client_calls_total{upstream, grpc_service, grpc_method, grpc_code}`: calls as their callers saw them, however
 * many attempts each took; attempts are counted by `grpc_client_*`. Shared by all upstreams of an application.
 */
export class ClientCallCounts {
  private readonly counts = new Map<string, Map<RpcMethod, Map<status, number>>>();

  constructor(registry: Registry, codeNames: 'go' | 'grpc' = 'go') {
    const nameOf = codeNames === 'grpc' ? codeName : goCodeName;
    const counter: Counter = new Counter({
      name: 'kun_client_calls_total',
      help: 'Calls made to upstreams, each with all its attempts, by the code they ended with',
      labelNames: ['upstream', 'grpc_service', 'grpc_method', 'grpc_code'],
      registers: [registry],
      collect: () => {
        counter.reset();
        for (const [upstream, methods] of this.counts) {
          for (const [method, codes] of methods) {
            for (const [code, count] of codes) {
              const labels = {
                grpc_service: method.service,
                grpc_method: method.name,
                grpc_code: nameOf(code),
              };
              counter.inc({ upstream, ...labels }, count);
            }
          }
        }
      },
    });
  }

  /** Initializes the methods' series for OK to 0. */
  prepare(upstream: string, methods: Iterable<RpcMethod>): void {
    for (const method of methods) this.add(upstream, method, 0, 0);
  }

  add(upstream: string, method: RpcMethod, code: status, count = 1): void {
    let methods = this.counts.get(upstream);
    if (!methods) this.counts.set(upstream, (methods = new Map()));
    let codes = methods.get(method);
    if (!codes) methods.set(method, (codes = new Map()));
    codes.set(code, (codes.get(code) ?? 0) + count);
  }
}

/** What a client's retry reports. */
export type RetryEvent =
  'retry' | 'attempts' | 'budget' | 'deadline' | 'pushback' | 'committed' | 'cancelled';

/**
 * `kun_client_retries_total{upstream, outcome}`: retries (`retry`), and failures with a retryable code that were not
 * retried, by reason; `kun_client_retry_tokens{upstream}`: what remains of the retry budget.
 */
export class RetryCounts {
  private readonly counts = new Map<string, Map<RetryEvent, number>>();
  private readonly tokens = new Map<string, () => number>();

  constructor(registry: Registry) {
    const counter: Counter = new Counter({
      name: 'kun_client_retries_total',
      help: 'Retries, and failures that were not retried, by reason',
      labelNames: ['upstream', 'outcome'],
      registers: [registry],
      collect: () => {
        counter.reset();
        for (const [upstream, events] of this.counts) {
          for (const [outcome, count] of events) counter.inc({ upstream, outcome }, count);
        }
      },
    });
    const gauge: Gauge = new Gauge({
      name: 'kun_client_retry_tokens',
      help: 'Retries that the budget still allows before a success earns another',
      labelNames: ['upstream'],
      registers: [registry],
      collect: () => {
        for (const [upstream, left] of this.tokens) gauge.set({ upstream }, left());
      },
    });
  }

  /** Exposes the budget of an upstream. */
  watch(upstream: string, tokens: () => number): void {
    this.tokens.set(upstream, tokens);
    this.add(upstream, 'retry', 0);
    this.add(upstream, 'budget', 0);
  }

  add(upstream: string, event: RetryEvent, count = 1): void {
    let events = this.counts.get(upstream);
    if (!events) this.counts.set(upstream, (events = new Map()));
    events.set(event, (events.get(event) ?? 0) + count);
  }
}
