import { randomBytes } from 'node:crypto';
import { Flag, frame, FrameType } from './frames.js';
import { literalHeader, repeatedHeader } from './hpack.js';

/** POST and http, from the static table. */
const METHOD_AND_SCHEME = Buffer.of(0x83, 0x86);

/** So many traces stand in the server's table of 4096 bytes before they push out the headers that repeat. */
const TRACES = 25;

/** One call in this many is traced by its caller. */
const SAMPLED = 100;

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
/** Far enough away never to come; with a few thousand others, as callers that pass on what is left of theirs have. */
const TIMEOUT_MS = 90_000;
const TIMEOUTS = 9973;

/** The HEADERS frames of the calls of a connection, in their order. */
export class RequestHeaders {
  private readonly first: readonly Buffer[];
  private calls = 0;

  /** With `mesh`, what a mesh adds is new in each call: then no block of headers is like another. */
  constructor(
    path: string,
    authority: string,
    private readonly mesh = false,
  ) {
    this.first = (
      [
        [':path', path],
        [':authority', authority],
        ['content-type', 'application/grpc'],
        ['te', 'trailers'],
        ['user-agent', 'kun-bench/1'],
        ['grpc-accept-encoding', 'identity,deflate,gzip'],
        ['accept-encoding', 'identity'],
      ] as const
    ).map(([name, value]) => literalHeader(name, value));
  }

  /** The next call's; its stream is to be filled in. */
  next(): Buffer {
    const call = this.calls++;
    const traces = this.mesh ? call % TRACES : 0;
    // The first call puts the headers into the server's table; all further ones name their places.
    const known =
      call === 0 || (this.mesh && traces === 0)
        ? this.first
        : this.first.map((_, index) => repeatedHeader(traces + this.first.length - 1 - index));
    const fields = [METHOD_AND_SCHEME, ...known, ...(this.mesh ? meshHeaders(call) : [])];
    return frame(FrameType.headers, Flag.endHeaders, 0, Buffer.concat(fields));
  }
}

/** A trace, in Huffman's code and for the table; a request id, never for any table; a timeout, for none. */
function meshHeaders(call: number): Buffer[] {
  const id = randomBytes(TRACE_ID_BYTES + SPAN_ID_BYTES + TRACE_ID_BYTES).toString('latin1');
  const hex = (from: number, bytes: number) =>
    Buffer.from(id.slice(from, from + bytes), 'latin1').toString('hex');
  const flags = call % SAMPLED === 0 ? '01' : '00';
  const traceId = hex(0, TRACE_ID_BYTES);
  const spanId = hex(TRACE_ID_BYTES, SPAN_ID_BYTES);
  const requestId = hex(TRACE_ID_BYTES + SPAN_ID_BYTES, TRACE_ID_BYTES);
  return [
    literalHeader('traceparent', `00-${traceId}-${spanId}-${flags}`, { huffman: true }),
    literalHeader('x-request-id', requestId, { indexing: 'never' }),
    literalHeader('grpc-timeout', `${TIMEOUT_MS + (call % TIMEOUTS)}m`, { indexing: 'none' }),
  ];
}
