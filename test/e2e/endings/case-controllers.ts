import {
  Controller,
  StandardSchemaValidationPipe,
  UsePipes,
  ValidationPipe,
  type Type,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod, Payload } from '@nestjs/microservices';
import { plainToInstance } from 'class-transformer';
import { IsString, Max, MinLength, validateOrReject } from 'class-validator';
import { concat, concatMap, defer, EMPTY, last, of, type Observable } from 'rxjs';
import * as v from 'valibot';
import { EachMessage, validationExceptionFactory } from '@kun/core';

export interface Note {
  readonly text: string;
  readonly n: number;
}

/** What a handler does once it has a request: it returns a message or a promise of one, or throws. */
export type Act = () => unknown;

/** Makes the controller of a service; its handlers say when they have a request. */
export type MakeController = (service: string, hasRequest: () => void) => Type;

const FIRST = { text: 'first' };

/** Handlers that await and iterate. */
export function iterating(act: Act): MakeController {
  return (service, hasRequest) => {
    @Controller()
    class Iterating {
      @GrpcMethod(service, 'Unary')
      unary(): unknown {
        hasRequest();
        return act();
      }

      @GrpcMethod(service, 'Watch')
      async *watch(): AsyncGenerator {
        hasRequest();
        yield FIRST;
        yield await act();
      }

      @GrpcStreamMethod(service, 'Collect')
      async collect(requests: AsyncIterable<Note>): Promise<unknown> {
        let answer: unknown;
        for await (const _ of requests) {
          hasRequest();
          answer = await act();
        }
        return answer;
      }

      @GrpcStreamMethod(service, 'Chat')
      async *chat(requests: AsyncIterable<Note>): AsyncGenerator {
        for await (const _ of requests) {
          hasRequest();
          yield FIRST;
          yield await act();
        }
      }
    }
    return Iterating;
  };
}

/** Handlers of Observables. */
export function observing(act: Act): MakeController {
  return (service, hasRequest) => {
    const answer = defer(async () => {
      hasRequest();
      return act();
    });

    @Controller()
    class Observing {
      @GrpcMethod(service, 'Unary')
      unary(): Observable<unknown> {
        return answer;
      }

      @GrpcMethod(service, 'Watch')
      watch(): Observable<unknown> {
        return concat(of(FIRST), answer);
      }

      @GrpcStreamMethod(service, 'Collect')
      collect(requests: Observable<Note>): Observable<unknown> {
        return requests.pipe(
          concatMap(() => answer),
          last(),
        );
      }

      @GrpcStreamMethod(service, 'Chat')
      chat(requests: Observable<Note>): Observable<unknown> {
        return requests.pipe(concatMap(() => concat(of(FIRST), answer)));
      }
    }
    return Observing;
  };
}

/** Handlers that return nothing: an Observable that completes empty, a list or generator of nothing. */
export const empty: MakeController = (service) => {
  @Controller()
  class Empty {
    @GrpcMethod(service, 'Unary')
    unary(): Observable<never> {
      return EMPTY;
    }

    @GrpcMethod(service, 'Watch')
    watch(): Observable<never> {
      return EMPTY;
    }

    @GrpcStreamMethod(service, 'Collect')
    async collect(): Promise<void> {}

    @GrpcStreamMethod(service, 'Chat')
    async *chat(): AsyncGenerator<never> {}
  }
  return Empty;
};

class StrictNote {
  @IsString()
  @MinLength(3)
  text!: string;

  @Max(10)
  n!: number;
}

/** Checked by Nest's pipe: single requests, and each message of a stream. */
export function checkedByClassValidator(options: ValidationPipeOptions): MakeController {
  return (service) => {
    @Controller()
    @UsePipes(new ValidationPipe(options))
    class Checked {
      @GrpcMethod(service, 'Unary')
      unary(@Payload() request: StrictNote): unknown {
        return request;
      }

      @GrpcMethod(service, 'Watch')
      watch(@Payload() request: StrictNote): unknown[] {
        return [request];
      }

      @GrpcStreamMethod(service, 'Collect')
      async collect(@EachMessage(StrictNote) requests: AsyncIterable<StrictNote>): Promise<unknown> {
        for await (const _ of requests);
        return FIRST;
      }

      @GrpcStreamMethod(service, 'Chat')
      async *chat(@EachMessage(StrictNote) requests: AsyncIterable<StrictNote>): AsyncGenerator {
        yield FIRST;
        for await (const _ of requests);
      }
    }
    return Checked;
  };
}

const strictNote = v.object({
  text: v.pipe(v.string(), v.minLength(3)),
  n: v.pipe(v.number(), v.maxValue(10)),
});

/** The same with a library of Standard Schema. */
export const checkedByStandardSchema: MakeController = (service) => {
  @Controller()
  @UsePipes(new StandardSchemaValidationPipe({ exceptionFactory: validationExceptionFactory }))
  class Checked {
    @GrpcMethod(service, 'Unary')
    unary(@Payload({ schema: strictNote }) request: Note): unknown {
      return request;
    }

    @GrpcMethod(service, 'Watch')
    watch(@Payload({ schema: strictNote }) request: Note): unknown[] {
      return [request];
    }

    @GrpcStreamMethod(service, 'Collect')
    async collect(@Payload({ schema: strictNote }) requests: AsyncIterable<Note>): Promise<unknown> {
      for await (const _ of requests);
      return FIRST;
    }

    @GrpcStreamMethod(service, 'Chat')
    async *chat(@Payload({ schema: strictNote }) requests: AsyncIterable<Note>): AsyncGenerator {
      yield FIRST;
      for await (const _ of requests);
    }
  }
  return Checked;
};

/** Handlers that validate by themselves: what they throw is theirs, and not for callers to read. */
export const validatingItself: MakeController = (service) => {
  const validate = (request: Note) => validateOrReject(plainToInstance(StrictNote, request));

  @Controller()
  class Validating {
    @GrpcMethod(service, 'Unary')
    async unary(request: Note): Promise<unknown> {
      await validate(request);
      return FIRST;
    }

    @GrpcMethod(service, 'Watch')
    async *watch(request: Note): AsyncGenerator {
      yield FIRST;
      v.parse(strictNote, request);
    }

    @GrpcStreamMethod(service, 'Collect')
    async collect(requests: AsyncIterable<Note>): Promise<unknown> {
      for await (const request of requests) v.parse(strictNote, request);
      return FIRST;
    }

    @GrpcStreamMethod(service, 'Chat')
    async *chat(requests: AsyncIterable<Note>): AsyncGenerator {
      for await (const request of requests) {
        yield FIRST;
        await validate(request);
      }
    }
  }
  return Validating;
};
