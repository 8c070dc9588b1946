import { setTimeout as delay } from 'node:timers/promises';
import { Configuration } from '@kun/config';
import { currentCall, Identity, InjectClient, StatusCode, StatusError, type Handlers } from '@kun/core';
import { Controller, Logger } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import type { EchoConfig } from './echo.config.js';
import { oneHopLess } from './hops.js';
import { peek } from './peek.js';
import type {
  EchoRequest,
  EchoResponse,
  EchoServiceClient,
  EchoServiceImplementation,
  WatchEvent,
  WatchRequest,
} from './gen/echo.js';

@Controller()
export class EchoController implements Handlers<EchoServiceImplementation> {
  private readonly logger = new Logger(EchoController.name);

  constructor(
    private readonly identity: Identity,
    private readonly config: Configuration<EchoConfig>,
    @InjectClient('next') private readonly next: EchoServiceClient,
  ) {}

  @GrpcMethod('EchoService')
  async echo(request: EchoRequest): Promise<EchoResponse> {
    this.logger.debug(`echoing ${request.message.length} characters`);
    if (request.hops > 0) return this.through(await this.next.echo(oneHopLess(request)));
    return this.answer(request);
  }

  @GrpcMethod('EchoService')
  async *watch(request: WatchRequest): AsyncGenerator<WatchEvent> {
    if (request.hops > 0) {
      for await (const event of this.next.watch(oneHopLess(request))) yield this.through(event);
      return;
    }
    for (let seq = 1; request.count === 0 || seq <= request.count; seq++) {
      yield { seq: String(seq), message: 'event', path: [this.identity.instance] };
      if (request.interval_ms > 0) await pause(request.interval_ms);
    }
  }

  @GrpcStreamMethod('EchoService')
  async collect(requests: AsyncIterable<EchoRequest>): Promise<EchoResponse> {
    const { first, all } = await peek(requests);
    if (first && first.hops > 0) return this.through(await this.next.collect(forward(all)));
    const messages: string[] = [];
    for await (const request of all) messages.push((await this.answer(request)).message);
    return { message: messages.join(' '), ...this.here() };
  }

  @GrpcStreamMethod('EchoService')
  async *chat(requests: AsyncIterable<EchoRequest>): AsyncGenerator<EchoResponse> {
    const { first, all } = await peek(requests);
    if (first && first.hops > 0) {
      for await (const response of this.next.chat(forward(all))) yield this.through(response);
      return;
    }
    for await (const request of all) yield await this.answer(request);
  }

  private async answer({ message, delay_ms, fail_code }: EchoRequest): Promise<EchoResponse> {
    if (delay_ms > 0) await pause(delay_ms);
    if (fail_code > 0) throw new StatusError(failure(fail_code), `failed as asked: ${message}`);
    return { message: this.config.value.Echo.Greeting + message, ...this.here() };
  }

  private here(): { instance: string; path: string[] } {
    const { instance } = this.identity;
    return { instance, path: [instance] };
  }

  private through<T extends { path: string[] }>(answer: T): T {
    return { ...answer, path: [this.identity.instance, ...answer.path] };
  }
}

async function* forward(requests: AsyncIterable<EchoRequest>): AsyncGenerator<EchoRequest> {
  for await (const request of requests) yield oneHopLess(request);
}

/** Ends at once when nobody waits for the answer any more. */
function pause(delayMs: number): Promise<void> {
  return delay(delayMs, undefined, { signal: currentCall()?.signal });
}

function failure(code: number): StatusCode {
  return code in StatusCode ? code : StatusCode.INVALID_ARGUMENT;
}
