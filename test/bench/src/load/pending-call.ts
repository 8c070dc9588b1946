import type { Exchange } from './exchange.js';
import type { Headers } from './hpack.js';

/** A call that is on its way, and what of its answer has been seen. */
export class PendingCall {
  /** Bytes of the request that went out. */
  sent = 0;
  private received = 0;
  private headers: Headers | undefined;
  private problem: string | undefined;

  constructor(
    readonly startedAt: number,
    /** What the server still takes of the request, in bytes. */
    public windowBytes: number,
  ) {}

  /** Compares a piece of the response with what it must be. */
  takeData(exchange: Exchange, chunk: Buffer, start: number, end: number): void {
    const { response } = exchange;
    const before = this.received;
    this.received += end - start;
    if (this.received > response.length || response.compare(chunk, start, end, before, this.received) !== 0) {
      this.problem ??= `the response differs from what was asked for, at or after its byte ${before}`;
    }
  }

  takeHeaders(headers: Headers): void {
    this.headers ??= headers;
  }

  /** What is wrong with the call that ended with these trailers, or `undefined`. */
  verdict(exchange: Exchange, trailers: Headers): string | undefined {
    const code = trailers.get('grpc-status');
    if (code !== '0') return `grpc-status ${code ?? 'missing'}: ${trailers.get('grpc-message') ?? ''}`;
    if (this.headers?.get(':status') !== '200') return `HTTP status ${this.headers?.get(':status')}`;
    if (!this.headers.get('content-type')?.startsWith('application/grpc'))
      return 'not of gRPC’s content type';
    if (this.problem) return this.problem;
    if (this.received === exchange.response.length) return undefined;
    return `${this.received} bytes in place of ${exchange.response.length}`;
  }
}
