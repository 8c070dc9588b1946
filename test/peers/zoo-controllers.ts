import { Controller, type Type } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';

/** Answers with what it was asked. */
@Controller()
class KeeperController {
  @GrpcMethod('zoo.v1.Keeper')
  feed(request: object): object {
    return { request, paid_in: 'CURRENCY_EUR' };
  }

  @GrpcMethod('zoo.v1.Keeper')
  async *watch({ animal }: { animal: string }): AsyncGenerator<object> {
    yield { a_string: animal, an_int64: '9007199254740993', nested: { size: 'SIZE_SMALL' } };
  }

  @GrpcStreamMethod('zoo.v1.Keeper')
  async count(requests: AsyncIterable<object>): Promise<object> {
    let value = 0;
    for await (const _ of requests) value += 1;
    return { int32_value: { value } };
  }

  @GrpcStreamMethod('zoo.v1.Keeper')
  async *talk(requests: AsyncIterable<object>): AsyncGenerator<object> {
    yield* requests;
  }
}

@Controller()
class OthersController {
  @GrpcMethod('zoo.v2.Keeper', 'Feed')
  feedNext({ animal }: { animal: string }): object {
    return { animals: [animal] };
  }

  @GrpcMethod('zoo.v1.Visitor')
  pay(): object {
    return {};
  }

  @GrpcMethod('BareService')
  say(request: object): object {
    return request;
  }

  @GrpcMethod('Annotated')
  do(request: object): object {
    return request;
  }

  @GrpcMethod('OldKeeper', 'Get')
  getOld(): object {
    return { needed: 'x', result: { url: 'y' } };
  }

  @GrpcMethod('NextKeeper', 'Get')
  getNext(request: object): object {
    return request;
  }
}

/** One handler for each method of the zoo. */
export const ZOO_CONTROLLERS: Type[] = [KeeperController, OthersController];
