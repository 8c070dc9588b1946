import { status, type Client } from '@grpc/grpc-js';
import { badRequest, currentCall, findDetail, fromServiceError, invalidArgument } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller, Inject, Injectable, Logger, Scope } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import { concat, from, map, mergeMap, of, throwError, toArray, type Observable } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call, startCall, type Outcome } from './call.js';
import { kindsController, METHODS, type KindsHandlers, type Notes } from './kinds-controller.js';

const NOTES = [{ n: 1 }, { n: 2 }, { n: 3 }];

// vitest fails the run at an unhandled rejection, so each of these tests also shows that there is none.
let service: TestService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

/** Starts a service that does what the handlers do. */
async function ready(handlers: KindsHandlers): Promise<{ client: Client; logs: TestService['logs'] }> {
  service = await startTestService(kindsModule({ controllers: [kindsController(handlers)] }));
  return { client: service.grpcClient(KINDS), logs: service.logs };
}

async function* inTurn<T>(values: Iterable<T>): AsyncGenerator<T> {
  for (const value of values) {
    await new Promise((resolve) => setImmediate(resolve));
    yield value;
  }
}

async function textsOf(requests: AsyncIterable<Note>): Promise<string> {
  const texts: string[] = [];
  for await (const { text } of requests) texts.push(text);
  return texts.join(' ');
}

const joined = (requests: Observable<Note>): Observable<Partial<Note>> =>
  requests.pipe(
    toArray(),
    map((all) => ({ text: all.map(({ text }) => text).join(' ') })),
  );

describe('the four kinds, with handlers that return', () => {
  const upper = ({ text }: Note) => ({ text: text.toUpperCase() });
  const shapes: Array<[string, KindsHandlers]> = [
    [
      'a value',
      {
        unary: upper,
        watch: () => NOTES,
        collect: (requests) => joined(requests),
        chat: (requests) => requests.pipe(map(upper)),
      },
    ],
    [
      'a Promise',
      {
        unary: async (request) => upper(request),
        watch: async () => NOTES,
        collect: async (requests) => ({ text: await textsOf(requests) }),
        chat: async (requests) => requests.pipe(map(upper)),
      },
    ],
    [
      'an Observable',
      {
        unary: (request) => of(upper(request)),
        watch: () => from(NOTES),
        collect: (requests) => joined(requests),
        chat: (requests) => requests.pipe(mergeMap(async (request) => upper(request))),
      },
    ],
    [
      'an AsyncIterable',
      {
        unary: (request) => inTurn([upper(request)]),
        watch: () => inTurn(NOTES),
        async *collect(requests) {
          yield { text: await textsOf(requests) };
        },
        async *chat(requests) {
          for await (const request of requests) yield upper(request);
        },
      },
    ],
    [
      'a Promise of an AsyncIterable',
      {
        unary: async (request) => inTurn([upper(request)]),
        watch: async () => inTurn(NOTES),
        collect: async (requests) => inTurn([{ text: await textsOf(requests) }]),
        chat: async (requests) => inTurn(await arrayOf(requests)),
      },
    ],
  ];
  async function arrayOf(requests: AsyncIterable<Note>) {
    const all = [];
    for await (const request of requests) all.push(upper(request));
    return all;
  }

  it.each(shapes)('%s', async (_name, handlers) => {
    const { client } = await ready(handlers);
    const requests = ['a', 'b', 'c'].map((text) => ({ text }));
    const outcomes = await Promise.all(METHODS.map((method) => call(client, method, { requests })));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const texts = outcomes.map(({ messages }) => messages.map(({ text, n }) => text || n));
    expect(texts).toEqual([['A'], [1, 2, 3], ['a b c'], ['A', 'B', 'C']]);
  });

  it('nothing, which is no message for a stream and INTERNAL for a single response', async () => {
    const { client } = await ready({
      unary: () => undefined,
      watch: () => undefined,
      collect: () => null,
      chat: () => [],
    });
    const outcomes = await Promise.all(METHODS.map((method) => call(client, method)));
    expect(outcomes.map(({ code }) => code)).toEqual([status.INTERNAL, 0, status.INTERNAL, 0]);
    expect(outcomes[0]?.details).toBe('the handler of /kun.test.v1.Kinds/Unary returned no response');
  });

  it('while the request is still open: each message of a Chat is answered before the next is sent', async () => {
    const { client } = await ready({ chat: (requests) => requests.pipe(map(upper)) });
    const chat = startCall(client, 'Chat', { requests: [], open: true });
    for (const [index, text] of ['a', 'b', 'c'].entries()) {
      chat.write({ text });
      await chat.received(index + 1);
    }
    chat.end();
    expect((await chat.outcome).messages.map(({ text }) => text)).toEqual(['A', 'B', 'C']);
  });
});

describe('@GrpcStreamCall', () => {
  @Controller()
  class StreamCallController {
    @GrpcMethod('Kinds')
    unary(): Partial<Note> {
      return {};
    }

    @GrpcMethod('Kinds')
    watch(): Note[] {
      return [];
    }

    @GrpcStreamCall('Kinds')
    collect(
      stream: NodeJS.ReadableStream,
      callback: (error: unknown, message?: Partial<Note>) => void,
    ): void {
      let n = 0;
      stream.on('data', (request: Note) => {
        n += request.n;
        if (request.text === 'fail') callback(invalidArgument('as asked'));
      });
      stream.on('end', () => callback(null, { n, text: currentCall()?.method.name ?? 'none' }));
    }

    @GrpcStreamCall('Kinds')
    chat(stream: NodeJS.ReadWriteStream & { write(message: Partial<Note>): boolean }): void {
      stream.on('data', (request: Note) => {
        if (request.text === 'fail') stream.emit('error', invalidArgument('as asked'));
        else stream.write({ n: request.n * 2 });
      });
      stream.on('end', () => stream.end());
    }
  }

  it('gives the stream for a stream of responses, and the stream and a callback for a single one', async () => {
    service = await startTestService(kindsModule({ controllers: [StreamCallController] }));
    const client = service.grpcClient(KINDS);
    expect(await call(client, 'Collect', { requests: NOTES })).toMatchObject({
      code: status.OK,
      messages: [{ n: 6, text: 'Collect' }],
    });
    const chat = await call(client, 'Chat', { requests: NOTES });
    expect([chat.code, ...chat.messages.map(({ n }) => n)]).toEqual([status.OK, 2, 4, 6]);
    for (const method of ['Collect', 'Chat']) {
      expect(await call(client, method, { requests: [{ text: 'fail' }] })).toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: 'as asked',
      });
    }
  });
});

describe('a request-scoped controller', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Visit {
    readonly id = Symbol('visit');
  }

  const visits = new Set<symbol>();

  @Controller({ scope: Scope.REQUEST })
  class ScopedController {
    constructor(
      private readonly visit: Visit,
      @Inject(Visit) private readonly same: Visit,
    ) {}

    @GrpcMethod('Kinds')
    unary(request: Note): Partial<Note> {
      return this.answer(request.text);
    }

    @GrpcMethod('Kinds')
    async *watch(request: Note): AsyncGenerator<Partial<Note>> {
      yield this.answer(request.text);
      yield this.answer(request.text);
    }

    @GrpcStreamMethod('Kinds')
    async collect(requests: Notes): Promise<Partial<Note>> {
      return this.answer(await textsOf(requests));
    }

    @GrpcStreamMethod('Kinds')
    chat(requests: Notes): Observable<Partial<Note>> {
      return requests.pipe(map(({ text }) => this.answer(text)));
    }

    private answer(text: string): Partial<Note> {
      visits.add(this.visit.id);
      return { text: this.visit === this.same ? text : 'two in one call' };
    }
  }

  it('is made for each call, once', async () => {
    service = await startTestService(kindsModule({ controllers: [ScopedController], providers: [Visit] }));
    const client = service.grpcClient(KINDS);
    const requests = [{ text: 'a' }, { text: 'b' }];
    const outcomes = await Promise.all(
      [...METHODS, ...METHODS].map((method) => call(client, method, { requests })),
    );
    expect(
      outcomes.slice(0, 4).map(({ code, messages }) => [code, ...messages.map(({ text }) => text)]),
    ).toEqual([
      [0, 'a'],
      [0, 'a', 'a'],
      [0, 'a b'],
      [0, 'a', 'b'],
    ]);
    expect(visits.size).toBe(8);
  });
});

describe('an error that is meant for the caller', () => {
  const fail = () => {
    throw invalidArgument('two fields are wrong', {
      details: [badRequest({ fieldViolations: [{ field: 'text', description: 'must not be empty' }] })],
    });
  };

  it.each(METHODS)('arrives with its details: %s', async (method) => {
    const handlers = { unary: fail, watch: fail, collect: fail, chat: fail };
    const outcome = await call((await ready(handlers)).client, method);
    expect(outcome).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'two fields are wrong' });
    expect(violationsIn(outcome)).toEqual([
      expect.objectContaining({ field: 'text', description: 'must not be empty' }),
    ]);
    const [line] = service?.logs.finishedCalls ?? [];
    expect(line).toMatchObject({ 'grpc.code': 'InvalidArgument', 'grpc.error': 'two fields are wrong' });
  });

  it('arrives with its details after messages, too', async () => {
    const handlers: KindsHandlers = {
      async *watch() {
        yield { n: 1 };
        fail();
      },
    };
    const outcome = await call((await ready(handlers)).client, 'Watch');
    expect(outcome).toMatchObject({ code: status.INVALID_ARGUMENT, messages: [{ n: 1 }] });
    expect(violationsIn(outcome)).toHaveLength(1);
  });

  function violationsIn({ code, details, trailers }: Outcome) {
    const error = Object.assign(new Error(details), { code, details, metadata: trailers });
    return findDetail(fromServiceError(error), 'google.rpc.BadRequest')?.fieldViolations;
  }
});

describe("a handler that throws new Error('secret')", () => {
  const fail = (): never => {
    throw new Error('secret');
  };
  const failing = () => throwError(() => new Error('secret'));
  const rejected = () => Promise.reject(new Error('secret'));

  it.each<[string, string, number, KindsHandlers]>([
    ['Unary', 'at once', 0, { unary: fail }],
    ['Unary', 'later', 0, { unary: rejected }],
    ['Unary', 'from an Observable', 0, { unary: failing }],
    [
      'Unary',
      'from a generator',
      0,
      {
        async *unary() {
          yield { n: 1 + fail() };
        },
      },
    ],
    ['Watch', 'at once', 0, { watch: fail }],
    ['Watch', 'before messages', 0, { watch: rejected }],
    ['Watch', 'before messages of an Observable', 0, { watch: failing }],
    [
      'Watch',
      'between messages',
      1,
      {
        async *watch() {
          yield { n: 1 };
          fail();
          yield { n: 2 };
        },
      },
    ],
    [
      'Watch',
      'between messages of an Observable',
      2,
      { watch: () => concat(of({ n: 1 }, { n: 2 }), failing()) },
    ],
    [
      'Watch',
      'after messages',
      3,
      {
        async *watch() {
          try {
            yield* NOTES;
          } finally {
            fail();
          }
        },
      },
    ],
    [
      'Watch',
      'from a synchronous generator',
      1,
      {
        *watch() {
          yield { n: 1 };
          fail();
        },
      },
    ],
    ['Collect', 'at once', 0, { collect: fail }],
    ['Collect', 'before the first request', 0, { collect: rejected }],
    [
      'Collect',
      'between requests',
      0,
      {
        async collect(requests) {
          for await (const { n } of requests) if (n === 2) fail();
        },
      },
    ],
    [
      'Collect',
      'between requests of an Observable',
      0,
      { collect: (requests) => joined(requests.pipe(map((note) => (note.n === 2 ? fail() : note)))) },
    ],
    [
      'Collect',
      'after the last request',
      0,
      {
        async collect(requests) {
          await textsOf(requests);
          fail();
        },
      },
    ],
    ['Chat', 'at once', 0, { chat: fail }],
    ['Chat', 'before messages', 0, { chat: rejected }],
    [
      'Chat',
      'between messages',
      1,
      {
        async *chat(requests) {
          for await (const { n } of requests) {
            if (n === 2) fail();
            yield { n };
          }
        },
      },
    ],
    [
      'Chat',
      'between messages of an Observable',
      1,
      { chat: (requests) => requests.pipe(map(({ n }) => (n === 2 ? fail() : { n }))) },
    ],
    [
      'Chat',
      'after messages',
      3,
      {
        async *chat(requests) {
          yield* requests;
          fail();
        },
      },
    ],
  ])(
    '%s, %s: the caller gets INTERNAL without the text, the log has it once with the request id',
    async (method, _when, count, handlers) => {
      const { logs, client } = await ready(handlers);
      const outcome = await call(client, method, {
        requests: NOTES,
        metadata: { 'x-request-id': 'req-1' },
      });
      expect(outcome).toMatchObject({ code: status.INTERNAL, details: 'Internal server error' });
      expect(outcome.messages).toHaveLength(count);
      expect(JSON.stringify(outcome.trailers.toJSON())).not.toContain('secret');
      await logs.waitFor(({ msg }) => msg === 'finished call');
      // What the handler leaves behind would be heard of by now.
      await service?.close();
      const told = logs.where((line) => JSON.stringify(line).includes('secret'));
      expect(told).toEqual([
        expect.objectContaining({
          level: 'error',
          msg: 'finished call',
          request_id: 'req-1',
          'grpc.code': 'Internal',
          'grpc.method': method,
          err: expect.objectContaining({
            message: 'secret',
            stack: expect.stringContaining('four-kinds.spec') as string,
          }) as object,
        }),
      ]);
    },
  );
});

describe('x-request-id', () => {
  const logger = new Logger('Handler');
  const handlers: KindsHandlers = {
    unary: () => {
      logger.log('under the call');
      return { text: currentCall()?.requestId };
    },
    async *watch() {
      yield { text: currentCall()?.requestId };
      await new Promise((resolve) => setImmediate(resolve));
      yield { text: currentCall()?.requestId };
    },
    collect: async (requests) => {
      await textsOf(requests);
      return { text: currentCall()?.requestId };
    },
    chat: (requests) => requests.pipe(map(() => ({ text: currentCall()?.requestId }))),
  };

  it.each(METHODS)(
    'of the caller is taken over, known under the call, logged and returned: %s',
    async (method) => {
      const { logs, client } = await ready(handlers);
      const outcome = await call(client, method, { metadata: { 'x-request-id': 'their-id/1' } });
      expect(new Set(outcome.messages.map(({ text }) => text))).toEqual(new Set(['their-id/1']));
      expect(outcome.headers?.get('x-request-id')).toEqual(['their-id/1']);
      await logs.waitFor(({ msg }) => msg === 'finished call');
      expect(logs.finishedCalls).toMatchObject([{ request_id: 'their-id/1' }]);
    },
  );

  it("is in lines of Nest's logger written under the call", async () => {
    const { logs, client } = await ready(handlers);
    await call(client, 'Unary', { metadata: { 'x-request-id': 'their-id/1' } });
    expect(logs.where(({ msg }) => msg === 'under the call')).toMatchObject([
      { request_id: 'their-id/1', context: 'Handler', 'grpc.method': 'Unary' },
    ]);
  });

  it.each([
    ['there is none', {}],
    ['it is not safe to repeat', { 'x-request-id': 'a"b, c=<d>' }],
    ['it is too long', { 'x-request-id': 'x'.repeat(129) }],
  ])('is made where %s', async (_name, metadata) => {
    const { client } = await ready(handlers);
    const { headers, messages } = await call(client, 'Unary', { metadata });
    const [id] = headers?.get('x-request-id') ?? [];
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(messages).toMatchObject([{ text: id }]);
  });

  it('comes back with an error, and with a refusal that no handler saw', async () => {
    const { logs, client } = await ready({ unary: () => Promise.reject(invalidArgument('no')) });
    const { trailers } = await call(client, 'Unary', { metadata: { 'x-request-id': 'req-1' } });
    expect(trailers.get('x-request-id')).toEqual(['req-1']);
    await logs.waitFor(({ request_id: id }) => id === 'req-1');
  });
});
