import { ServerGrpc, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { HandlerCoverageError } from './handler-coverage.js';

/**
 * What Nest is given as transport: it takes the handlers, wrapped in guards, pipes, interceptors and filters. The
 * server itself is opened and drained by the lifecycle, in its own order.
 *
 * It extends Nest's gRPC server since Nest hands metadata and call only to handlers of that class.
 */
export class NestTransport extends ServerGrpc implements CustomTransportStrategy {
  private readonly twice: string[] = [];

  constructor() {
    super({ package: '', protoPath: '' });
  }

  /**
   * The handlers found, by Nest's pattern.
   *
   * @throws {HandlerCoverageError} when two controllers answer one RPC.
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
