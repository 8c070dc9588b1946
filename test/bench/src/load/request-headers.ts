import { Flag, frame, FrameType } from './frames.js';
import { literalHeader, repeatedHeader } from './hpack.js';

/** POST and http, from the static table. */
const METHOD_AND_SCHEME = Buffer.of(0x83, 0x86);

/** The HEADERS frames of equal calls on a connection; their streams are to be filled in. */
export interface RequestHeaders {
  /** The first call's puts the headers into the server's table. */
  readonly first: Buffer;
  /** Those of all further calls. */
  readonly next: Buffer;
}

/** What gRPC clients send with every call. */
export function requestHeaders(path: string, authority: string): RequestHeaders {
  const headers = [
    [':path', path],
    [':authority', authority],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['user-agent', 'kun-bench/1'],
    ['grpc-accept-encoding', 'identity,deflate,gzip'],
    ['accept-encoding', 'identity'],
  ] as const;
  return {
    first: headersFrame(headers.map(([name, value]) => literalHeader(name, value))),
    next: headersFrame(headers.map((_, index) => repeatedHeader(headers.length - 1 - index))),
  };
}

function headersFrame(fields: readonly Buffer[]): Buffer {
  return frame(FrameType.headers, Flag.endHeaders, 0, Buffer.concat([METHOD_AND_SCHEME, ...fields]));
}
