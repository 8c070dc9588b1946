import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/**
 * The TCP connections that grpc-js has begun and that are not there yet. It hands a socket over only once it is
 * connected, and the system gives up on an address that does not answer after two minutes (Linux: six retries), with up
 * to a minute between its tries: for that long a channel would not notice that the address answers again.
 *
 * grpc-js asks the credentials whether they are ready and then connects, in one asynchronous context: what is left
 * in it there tells its socket from all others that Node's diagnostics channel shows meanwhile.
 */
export class TcpAttempts {
  private readonly context = new AsyncLocalStorage<{ claimed: boolean }>();
  private readonly startedAt = new WeakMap<Socket, number>();
  private listening = 0;

  /** `onTimeout` is called with a socket that is not connected after `timeoutMs`. */
  constructor(
    private readonly timeoutMs: number,
    private readonly onTimeout: (socket: Socket) => void,
  ) {}

  /** To be called, synchronously, where grpc-js waits for the credentials. */
  begin(): void {
    this.context.enterWith({ claimed: false });
    if (this.listening++ === 0) subscribe('net.client.socket', this.onSocket);
    // The socket is made within the microtasks that follow.
    setImmediate(() => {
      if (--this.listening === 0) unsubscribe('net.client.socket', this.onSocket);
    });
  }

  /** How long ago the socket's connection was begun, in milliseconds; 0 when that is not known. */
  ageMs(socket: Socket): number {
    return performance.now() - (this.startedAt.get(socket) ?? performance.now());
  }

  private readonly onSocket = (message: unknown): void => {
    const attempt = this.context.getStore();
    if (!attempt || attempt.claimed) return;
    attempt.claimed = true;
    const { socket } = message as { socket: Socket };
    this.startedAt.set(socket, performance.now());
    const giveUp = () => {
      if (socket.connecting) this.onTimeout(socket);
    };
    // What came while this process was busy is read first.
    const timer = setTimeout(() => setImmediate(giveUp), this.timeoutMs).unref();
    const done = () => clearTimeout(timer);
    socket.once('connect', done);
    socket.once('close', done);
  };
}
