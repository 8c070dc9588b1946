import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { Gate, Journal, ROUNDS, type Named } from './journal.js';

/** Handlers that await, and iterate requests and responses. */
@Controller()
export class Awaiting {
  constructor(
    private readonly journal: Journal,
    private readonly gate: Gate,
  ) {}

  @GrpcMethod('Awaiting', 'Unary')
  async unary(request: Named): Promise<Named> {
    this.journal.write('first', request);
    await this.gate.pass();
    for (let round = 0; round < ROUNDS; round++) {
      await delay(1);
      this.journal.write('then', request);
    }
    return request;
  }

  @GrpcMethod('Awaiting', 'Watch')
  async *watch(request: Named): AsyncGenerator<Named> {
    try {
      this.journal.write('first', request);
      await this.gate.pass();
      yield* this.rounds(request);
    } finally {
      this.journal.write('left', request);
    }
  }

  @GrpcStreamMethod('Awaiting', 'Collect')
  async collect(requests: AsyncIterable<Named>): Promise<Named> {
    let answer: Named = { text: '' };
    for await (const request of requests) {
      if (answer.text === '') {
        this.journal.write('first', request);
        await this.gate.pass();
      }
      answer = this.journal.write('then', request);
    }
    return answer;
  }

  @GrpcStreamMethod('Awaiting', 'Chat')
  async *chat(requests: AsyncIterable<Named>): AsyncGenerator<Named> {
    let known: Named | undefined;
    try {
      for await (const request of requests) {
        if (!known) {
          this.journal.write('first', request);
          await this.gate.pass();
        }
        known = request;
        await delay(1);
        yield this.journal.write('then', request);
      }
    } finally {
      if (known) this.journal.write('left', known);
    }
  }

  private async *rounds(request: Named): AsyncGenerator<Named> {
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      yield this.journal.write('then', request);
    }
  }
}
