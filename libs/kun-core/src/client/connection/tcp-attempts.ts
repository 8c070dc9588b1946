import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/**
 * TCP connections that grpc-js has started but that are not established yet. It passes a socket on only once it is
 * connected, and the system gives up on an unresponsive address after two minutes (Linux: six retries), with up to a
 * minute between retries: during that time a channel would not notice that the address responds again.
 *
 * grpc-js asks the credentials whether they are ready and then connects, in the same async context. A value stored in
 * that context distinguishes its socket from all others that Node's diagnostics channel reports meanwhile.
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

  /** Must be called synchronously where grpc-js waits for the credentials. */
  begin(): void {
    this.context.enterWith({ claimed: false });
    if (this.listening++ === 0) subscribe('net.client.socket', this.onSocket);
    // The socket is created within the microtasks that follow.
    setImmediate(() => {
      if (--this.listening === 0) unsubscribe('net.client.socket', this.onSocket);
    });
  }

  /** How long ago the socket's connection attempt began, in milliseconds; 0 if unknown. */
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
    // Data that arrived while this process was busy is read first.
    const timer = setTimeout(() => setImmediate(giveUp), this.timeoutMs).unref();
    const done = () => clearTimeout(timer);
    socket.once('connect', done);
    socket.once('close', done);
  };
}
