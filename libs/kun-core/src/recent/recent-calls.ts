import { status as Code } from '@grpc/grpc-js';
import { OpenCalls } from '../rpc/open-calls.js';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import { CallSeries } from './call-series.js';
import { FailedCalls } from './failed-calls.js';

/** The maximum of addresses kept: an upstream may have many, and change them all the time. */
const MAX_PEERS = 256;

/** The recent calls of one side, or of one upstream. */
export class RecentSide {
  readonly series = new Map<RpcMethod, CallSeries>();
  /** The calls or attempts in flight. */
  readonly open = new OpenCalls<RpcCall>();
  /** The last one that failed to get a connection. */
  unreached: { readonly at: number; readonly code: Code; readonly message: string } | undefined;

  private readonly peers = new Map<string, number>();

  constructor(
    private readonly failures: FailedCalls,
    /** Of calls made. */
    readonly upstream: string | undefined,
  ) {}

  ended(call: RpcCall, ending: Ending): void {
    let series = this.series.get(call.method);
    if (!series) this.series.set(call.method, (series = new CallSeries()));
    const failed = ending.code !== Code.OK;
    series.add(call.startedAt + ending.durationMs, ending.durationMs, failed);
    if (this.upstream !== undefined && ending.cause === 'status' && ending.code !== Code.UNAVAILABLE) {
      this.reached(call.peer, call.startedAt + ending.durationMs);
    }
    if (failed) this.failed(call, ending);
  }

  /** The addresses that answered calls, with the time of the last. */
  get addresses(): ReadonlyMap<string, number> {
    return this.peers;
  }

  private reached(peer: string, at: number): void {
    if (this.peers.size >= MAX_PEERS && !this.peers.has(peer)) this.peers.clear();
    this.peers.set(peer, at);
  }

  private failed(call: RpcCall, ending: Ending): void {
    this.failures.add(call, ending, this.upstream);
    if (this.upstream === undefined || ending.code !== Code.UNAVAILABLE) return;
    const { code, message } = ending;
    this.unreached = { at: Math.round(call.startedAt + ending.durationMs), code, message };
  }
}

/**
 * Recent calls for the admin port: how many, how long, which failed. They are counted in memory, within bounds, whether or
 * not anybody looks; answers are computed on request.
 */
export class RecentCalls {
  readonly failures = new FailedCalls();
  readonly server = new RecentSide(this.failures, undefined);
  private readonly upstreams = new Map<string, RecentSide>();

  /** The attempts at calls to an upstream. */
  client(upstream: string): RecentSide {
    let side = this.upstreams.get(upstream);
    if (!side) this.upstreams.set(upstream, (side = new RecentSide(this.failures, upstream)));
    return side;
  }

  get clients(): readonly RecentSide[] {
    return [...this.upstreams.values()];
  }
}
