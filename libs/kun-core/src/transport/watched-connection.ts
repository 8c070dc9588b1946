import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** A connection was closed because its peer had gone silent. */
export class ConnectionSilentError extends Error {
  override readonly name = 'ConnectionSilentError';
  /** grpc-js ends the calls of a connection that failed so with UNAVAILABLE and the message; with INTERNAL otherwise. */
  readonly code = 'ETIMEDOUT';
}

/** A connection idle for this long is probed when a new call uses it: the peer may have disappeared. */
const VERIFY_IDLE_MS = 10_000;
/** A call abandoned after this much silence makes its connection suspect. */
const SUSPECT_MS = 1_000;

/** A connection supervised by a keepalive. */
export class WatchedConnection {
  private session: Http2Session | undefined;
  private openStreams = 0;
  private timer: NodeJS.Timeout | undefined;
  private asking = false;
  /** The byte count when last checked, and when it was first seen. */
  private seenBytes = 0;
  private seenAt = performance.now();

  constructor(
    private readonly socket: Socket,
    private readonly timeMs: number,
    private readonly timeoutMs: number,
  ) {}

  /** A call has begun. */
  opened(session: Http2Session): void {
    this.session = session;
    const idle = this.openStreams++ === 0;
    const silentMs = this.silentMs();
    if (idle && silentMs >= Math.min(VERIFY_IDLE_MS, this.timeMs)) this.ask();
    else this.timer ??= this.after(this.timeMs, () => this.tick());
  }

  /** A call has ended; `abnormally` when its stream was reset, by either side. */
  closed(abnormally: boolean): void {
    this.openStreams--;
    if (this.silentMs() >= SUSPECT_MS && abnormally) this.ask();
  }

  /** The connection is closed. */
  release(): void {
    clearTimeout(this.timer);
  }

  /** The timer keeps running after the last call: setting and clearing one per call costs more. */
  private tick(): void {
    this.timer = undefined;
    if (this.openStreams === 0) return;
    const silentMs = this.silentMs();
    if (silentMs >= this.timeMs) this.ask();
    else this.timer = this.after(this.timeMs - silentMs, () => this.tick());
  }

  private ask(): void {
    const session = this.session;
    if (this.asking || !session || session.destroyed) return;
    this.asking = true;
    clearTimeout(this.timer);
    const before = this.socket.bytesRead;
    this.timer = this.after(this.timeoutMs, () =>
      // Data that arrived while this process was busy is read first.
      setImmediate(() => {
        if (!this.asking) return;
        if (this.socket.bytesRead !== before) this.answered();
        else this.socket.destroy(silent(this.timeoutMs));
      }),
    );
    session.settings({}, () => this.answered());
  }

  private answered(): void {
    if (!this.asking) return;
    this.asking = false;
    clearTimeout(this.timer);
    this.timer = this.after(this.timeMs, () => this.tick());
  }

  private silentMs(): number {
    const now = performance.now();
    const bytes = this.socket.bytesRead;
    if (bytes !== this.seenBytes) {
      this.seenBytes = bytes;
      this.seenAt = now;
    }
    return now - this.seenAt;
  }

  private after(ms: number, then: () => void): NodeJS.Timeout {
    return setTimeout(then, ms).unref();
  }
}

function silent(timeoutMs: number): ConnectionSilentError {
  return new ConnectionSilentError(
    `the peer sent nothing for ${timeoutMs} ms after it was asked whether it is alive`,
  );
}
