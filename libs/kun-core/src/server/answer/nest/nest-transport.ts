import { ServerGrpc, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { HandlerCoverageError } from './handler-coverage.js';

/**
 * The transport that Nest is given. It collects the handlers, wrapped in guards, pipes, interceptors and filters; the
 * lifecycle opens and drains the server itself, in its own order.
 *
 * It extends Nest's gRPC server because Nest passes metadata and the call only to handlers of that class.
 */
export class NestTransport extends ServerGrpc implements CustomTransportStrategy {
  private readonly twice: string[] = [];

  constructor() {
    super({ package: '', protoPath: '' });
  }

  /**
   * The registered handlers by Nest's pattern.
   *
   * @throws {HandlerCoverageError} when two controllers handle one RPC.
   */
  get handlers(): ReadonlyMap<string, MessageHandler> {
    if (this.twice.length > 0) throw new HandlerCoverageError([], [], this.twice);
    return this.messageHandlers;
  }

  override addHandler(pattern: unknown, callback: MessageHandler, isEventHandler = false): void {
    const route = typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
    if (this.messageHandlers.has(route)) {
      const { service, rpc } = pattern as { service: string; rpc: string };
      this.twice.push(`${service}.${rpc}`);
    }
    super.addHandler(pattern, callback, isEventHandler);
  }

  override listen(callback: (error?: unknown) => void): Promise<void> {
    callback();
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
