import type { Server } from '@grpc/grpc-js';

/**
 * How many calls of a connection may be cancelled at once, and how many a second after that. nghttp2's own 1000 and 33
 * guard against "rapid reset" (CVE-2023-44487) by ending the connection: each other call on it, INTERNAL. But a gRPC
 * caller whose deadlines run out together does just that, and it must not lose its healthy calls, too. A thousand
 * cancelled calls a second cost a twentieth of a core.
 */
const STREAM_RESET_BURST = 10_000;
const STREAM_RESETS_PER_SECOND = 1_000;

/** What grpc-js hands to Node for each HTTP/2 server; it has no option of its own for these two. */
interface Http2Options {
  readonly commonServerOptions?: Record<string, unknown>;
}

/** Lets callers cancel as many calls as callers do. Before the server has a port or an injector. */
export function allowResets(server: Server): void {
  Object.assign((server as unknown as Http2Options).commonServerOptions ?? {}, {
    streamResetBurst: STREAM_RESET_BURST,
    streamResetRate: STREAM_RESETS_PER_SECOND,
  });
}
