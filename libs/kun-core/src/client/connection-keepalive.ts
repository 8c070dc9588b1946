import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Http2Session, Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** How connections with open calls are asked whether they are alive. */
export interface KeepaliveOptions {
  /** How long nothing may come before the peer is asked, in milliseconds. Default 60 000. */
  readonly timeMs?: number | undefined;
  /** How long it has to answer, in milliseconds; after that the connection is cut. Default 20 000. */
  readonly timeoutMs?: number | undefined;
}

/** A connection was cut because its peer had gone silent. */
export class ConnectionSilentError extends Error {
  override readonly name = 'ConnectionSilentError';
  /** grpc-js ends the calls of a connection that failed so with UNAVAILABLE and the message; with INTERNAL otherwise. */
  readonly code = 'ETIMEDOUT';
}

/** `grpc.keepalive_time_ms` of kun's servers; below the idle limits of the usual load balancers (from 240 s). */
export const KEEPALIVE_TIME_MS = 60_000;
/** gRPC's own default (A8, client-side keepalive). */
export const KEEPALIVE_TIMEOUT_MS = 20_000;
/** A connection idle for this long is asked when a call takes it up again: the peer may have gone meanwhile. */
const VERIFY_IDLE_MS = 10_000;
/** A call given up after so long a silence throws suspicion on its connection. */
const SUSPECT_MS = 1_000;

/**
 * Finds out about peers that have gone without a word: asks when a connection with open calls has been silent for a
 * while, when a call takes up an idle one, and when a call was given up (its deadline) in silence.
 *
 * It stands in the place of grpc-js' keepalive, which ends every call that outlives the server's GOAWAY by one period:
 * it sends a PING, Node's `session.ping()` sends none once the session is closing, and grpc-js takes that for a dead
 * connection (grpc-node#3068). The question here is an empty SETTINGS frame, which Node sends until the connection is
 * gone, and every peer must acknowledge at once (RFC 9113, 6.5.3); nor does a server count it as a PING too many.
 *
 * Sessions are found through Node's diagnostics channels, as they are made by grpc-js and handed to nobody.
 */
export class ConnectionKeepalive {
  readonly #mark = Symbol('kun.keepalive');
  readonly #sessions = new WeakMap<object, Connection | null>();
  readonly #timeMs: number;
  readonly #timeoutMs: number;
  #live = 0;

  /** `side` is which end of the connections is ours; default the client's. */
  constructor(
    options: KeepaliveOptions = {},
    private readonly side: 'client' | 'server' = 'client',
  ) {
    this.#timeMs = options.timeMs ?? KEEPALIVE_TIME_MS;
    this.#timeoutMs = options.timeoutMs ?? KEEPALIVE_TIMEOUT_MS;
  }

  /** Looks after a connection until it is closed. */
  watch(socket: Socket): void {
    const connection = new Connection(socket, this.#timeMs, this.#timeoutMs);
    Object.defineProperty(socket, this.#mark, { value: connection });
    if (this.#live++ === 0) {
      subscribe(`http2.${this.side}.stream.created`, this.#onCreated);
      subscribe(`http2.${this.side}.stream.close`, this.#onClose);
    }
    socket.once('close', () => {
      connection.release();
      if (--this.#live > 0) return;
      unsubscribe(`http2.${this.side}.stream.created`, this.#onCreated);
      unsubscribe(`http2.${this.side}.stream.close`, this.#onClose);
    });
  }

  readonly #onCreated = (message: unknown): void => {
    const { session } = (message as { stream: Http2Stream }).stream;
    if (session) this.#connectionOf(session)?.opened(session);
  };

  readonly #onClose = (message: unknown): void => {
    const { stream } = message as { stream: Http2Stream };
    if (stream.session) this.#sessions.get(stream.session)?.closed(stream.rstCode !== 0);
  };

  #connectionOf(session: Http2Session): Connection | undefined {
    let connection = this.#sessions.get(session);
    if (connection === undefined) {
      if (session.destroyed) return undefined;
      connection = (session.socket as unknown as Record<symbol, Connection>)[this.#mark] ?? null;
      this.#sessions.set(session, connection);
    }
    return connection ?? undefined;
  }
}

class Connection {
  #session: Http2Session | undefined;
  #openStreams = 0;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  /** Bytes received when last looked at, and when they were first seen to be that many. */
  #seenBytes = 0;
  #seenAt = performance.now();

  constructor(
    private readonly socket: Socket,
    private readonly timeMs: number,
    private readonly timeoutMs: number,
  ) {}

  opened(session: Http2Session): void {
    this.#session = session;
    const idle = this.#openStreams++ === 0;
    const silentMs = this.#silentMs();
    if (idle && silentMs >= Math.min(VERIFY_IDLE_MS, this.timeMs)) this.#ask();
    else this.#timer ??= this.#after(this.timeMs, () => this.#tick());
  }

  closed(abnormally: boolean): void {
    this.#openStreams--;
    if (this.#silentMs() >= SUSPECT_MS && abnormally) this.#ask();
  }

  release(): void {
    clearTimeout(this.#timer);
  }

  /** The timer is left to run when the last call ends: setting and clearing one for each call costs more. */
  #tick(): void {
    this.#timer = undefined;
    if (this.#openStreams === 0) return;
    const silentMs = this.#silentMs();
    if (silentMs >= this.timeMs) this.#ask();
    else this.#timer = this.#after(this.timeMs - silentMs, () => this.#tick());
  }

  #ask(): void {
    const session = this.#session;
    if (this.#asking || !session || session.destroyed) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    const before = this.socket.bytesRead;
    this.#timer = this.#after(this.timeoutMs, () =>
      // What came while this process was busy is read first.
      setImmediate(() => {
        if (!this.#asking) return;
        if (this.socket.bytesRead !== before) this.#answered();
        else this.socket.destroy(silent(this.timeoutMs));
      }),
    );
    session.settings({}, () => this.#answered());
  }

  #answered(): void {
    if (!this.#asking) return;
    this.#asking = false;
    clearTimeout(this.#timer);
    this.#timer = this.#after(this.timeMs, () => this.#tick());
  }

  #silentMs(): number {
    const now = performance.now();
    const bytes = this.socket.bytesRead;
    if (bytes !== this.#seenBytes) {
      this.#seenBytes = bytes;
      this.#seenAt = now;
    }
    return now - this.#seenAt;
  }

  #after(ms: number, then: () => void): NodeJS.Timeout {
    return setTimeout(then, ms).unref();
  }
}

function silent(timeoutMs: number): ConnectionSilentError {
  return new ConnectionSilentError(
    `the peer sent nothing for ${timeoutMs} ms after it was asked whether it is alive`,
  );
}
