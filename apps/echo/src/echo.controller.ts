import { setTimeout as delay } from 'node:timers/promises';
import { Configuration } from '@kun/config';
import { currentCall, Identity, StatusError, StatusCode } from '@kun/core';
import { Controller, Logger } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import type { EchoConfig } from './echo.config.js';
import type {
  EchoRequest,
  EchoResponse,
  EchoServiceImplementation,
  WatchEvent,
  WatchRequest,
} from './gen/echo.js';

@Controller()
export class EchoController implements EchoServiceImplementation {
  private readonly logger = new Logger(EchoController.name);

  constructor(
    private readonly identity: Identity,
    private readonly config: Configuration<EchoConfig>,
  ) {}

  @GrpcMethod('EchoService')
  async echo(request: EchoRequest): Promise<EchoResponse> {
    this.logger.debug(`echoing ${request.message.length} characters`);
    return this.answer(request);
  }

  @GrpcMethod('EchoService')
  async *watch({ count, interval_ms }: WatchRequest): AsyncGenerator<WatchEvent> {
    for (let seq = 1; count === 0 || seq <= count; seq++) {
      yield { seq: String(seq), message: 'event' };
      if (interval_ms > 0) await pause(interval_ms);
    }
  }

  @GrpcStreamMethod('EchoService')
  async collect(requests: AsyncIterable<EchoRequest>): Promise<EchoResponse> {
    const messages: string[] = [];
    for await (const request of requests) messages.push((await this.answer(request)).message);
    return { message: messages.join(' '), instance: this.identity.instance };
  }

  @GrpcStreamMethod('EchoService')
  async *chat(requests: AsyncIterable<EchoRequest>): AsyncGenerator<EchoResponse> {
    for await (const request of requests) yield await this.answer(request);
  }

  private async answer({ message, delay_ms, fail_code }: EchoRequest): Promise<EchoResponse> {
    if (delay_ms > 0) await pause(delay_ms);
    if (fail_code > 0) throw new StatusError(failure(fail_code), `failed as asked: ${message}`);
    return { message: this.config.value.Echo.Greeting + message, instance: this.identity.instance };
  }
}

/** Ends at once when nobody waits for the answer any more. */
function pause(delayMs: number): Promise<void> {
  return delay(delayMs, undefined, { signal: currentCall()?.signal });
}

function failure(code: number): StatusCode {
  return code in StatusCode ? code : StatusCode.INVALID_ARGUMENT;
}
