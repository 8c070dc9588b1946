import { AsyncLocalStorage } from 'node:async_hooks';
import { connectivityState, type ChannelInterface } from '@grpc/grpc-js';
import type { Clock } from '../../clock.js';
import type { KunGrpcServer } from '../../server/port/grpc-server.js';
import { InProcessCall } from './in-process-call.js';

/**
 * A grpc-js channel that leads to a server in the same process without a socket. Everything in the client above it is
 * grpc-js' own; below it, messages are passed on as bytes.
 */
export class InProcessChannel implements ChannelInterface {
  /** So that a call made within a handler is not considered part of that handler's call. */
  private readonly outside = AsyncLocalStorage.snapshot();
  private closed = false;

  constructor(
    private readonly server: Pick<KunGrpcServer, 'callLocally'>,
    private readonly clock: Clock,
  ) {}

  createCall(...[path, deadline]: Parameters<ChannelInterface['createCall']>): InProcessCall {
    if (this.closed) throw new Error('Channel has been shut down');
    return new InProcessCall({ ...this.parts(), path, deadline: Number(deadline) });
  }

  getTarget(): string {
    return 'in-process';
  }

  getConnectivityState(): connectivityState {
    return this.closed ? connectivityState.SHUTDOWN : connectivityState.READY;
  }

  watchConnectivityState(
    ...[state, deadline, callback]: Parameters<ChannelInterface['watchConnectivityState']>
  ): void {
    if (state !== this.getConnectivityState()) return queueMicrotask(callback);
    const leftMs = Math.max(0, Number(deadline) - this.clock.now());
    this.clock.schedule(leftMs, () =>
      callback(new Error('Deadline passed without connectivity state change')),
    );
  }

  getChannelzRef(): ReturnType<ChannelInterface['getChannelzRef']> {
    // Not registered with channelz.
    return { kind: 'channel' as never, id: -1, name: this.getTarget() };
  }

  close(): void {
    this.closed = true;
  }

  private parts() {
    return { server: this.server, run: this.outside };
  }
}
