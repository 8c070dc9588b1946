import { inspect } from 'node:util';
import { status } from '@grpc/grpc-js';
import { currentCall, EachMessage, invalidArgument, notFound } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import {
  Catch,
  Controller,
  createParamDecorator,
  Inject,
  Injectable,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  BaseRpcExceptionFilter,
  Ctx,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  Payload,
  RpcException,
} from '@nestjs/microservices';
import type { Metadata, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { IsInt, IsString, Max } from 'class-validator';
import { Observable, Subject, from, lastValueFrom, map, of, throwError, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AllKinds } from '../fixtures/all-kinds.js';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { call, startCall, type CallInput } from './call.js';
import { METHODS } from './kinds-controller.js';

class NoteDto {
  @IsString()
  text!: string;

  @IsInt()
  @Max(100)
  n!: number;
}

/** A mistake that only the filter knows what to make of. */
class OwnError extends Error {}

type Form =
  'value' | 'promise' | 'Observable' | 'async generator' | 'generator' | 'array' | 'Observable of a promise';
const SINGLE: readonly Form[] = ['value', 'promise', 'Observable', 'async generator'];
const STREAM: readonly Form[] = [...SINGLE, 'generator', 'array'];

/** What the handlers of the moment answer, and what they saw. */
let form: Form;
let failing: boolean;
let seen: unknown[];
let filtered: string[];
beforeEach(() => {
  form = 'value';
  failing = false;
  seen = [];
  filtered = [];
});

/** Fails after its first message where there is one. */
function answer(): unknown {
  const fail = () => {
    throw new OwnError('broken');
  };
  const note = { text: 'a', n: 1 };
  if (form === 'value') return failing ? fail() : note;
  if (form === 'promise') return Promise.resolve().then(() => (failing ? fail() : note));
  if (form === 'array') return failing ? fail() : [note];
  if (form === 'Observable') {
    return failing
      ? new Observable((subscriber) => {
          subscriber.next(note);
          subscriber.error(new OwnError('broken'));
        })
      : of(note);
  }
  if (form === 'generator') {
    return (function* () {
      yield note;
      if (failing) fail();
    })();
  }
  return (async function* () {
    // A single response is the first message.
    if (failing && currentCall()?.method.responseStream === false) fail();
    yield note;
    if (failing) fail();
  })();
}

/** As an `Observable` handler with its answer after the last message. */
function afterAll(messages: Observable<NoteDto>): Promise<unknown> {
  return lastValueFrom(messages.pipe(toArray())).then((all) => {
    seen.push(...all);
    return answer();
  });
}

const suffix: NestInterceptor = {
  intercept: (_context: ExecutionContext, next: CallHandler<{ text: string }>) =>
    next.handle().pipe(map((note) => ({ ...note, text: `${note.text} mapped` }))),
};

@Catch(OwnError)
class OwnFilter implements ExceptionFilter {
  catch(error: OwnError, host: ArgumentsHost): Observable<never> {
    filtered.push(host.getType());
    return throwError(() => notFound(`filtered ${error.message}`));
  }
}

/** The two kinds with a single request, which every controller here has. */
abstract class Single {
  @GrpcMethod('Kinds', 'Unary')
  unary(note: NoteDto): unknown {
    seen.push(note);
    return answer();
  }

  @GrpcMethod('Kinds', 'Watch')
  watch(note: NoteDto): unknown {
    seen.push(note);
    return answer();
  }
}

@Controller()
class OfObservable extends Single {
  @GrpcStreamMethod('Kinds', 'Collect')
  collect(@EachMessage(NoteDto) notes: Observable<NoteDto>): Promise<unknown> {
    return afterAll(notes);
  }

  @GrpcStreamMethod('Kinds', 'Chat')
  chat(@EachMessage(NoteDto) notes: Observable<NoteDto>): Promise<unknown> {
    return afterAll(notes);
  }
}

@Controller()
class OfAsyncIterable extends Single {
  @GrpcStreamMethod('Kinds', 'Collect')
  async collect(@EachMessage(NoteDto) notes: AsyncIterable<NoteDto>): Promise<unknown> {
    for await (const note of notes) seen.push(note);
    return answer();
  }

  @GrpcStreamMethod('Kinds', 'Chat')
  async chat(@EachMessage(NoteDto) notes: AsyncIterable<NoteDto>): Promise<unknown> {
    for await (const note of notes) seen.push(note);
    return answer();
  }
}

@Controller()
class OfSubject extends Single {
  @GrpcStreamMethod('Kinds', 'Collect')
  collect(@Payload(new ValidationPipe({ expectedType: NoteDto, transform: true })) notes: Subject<NoteDto>) {
    return afterAll(notes);
  }

  @GrpcStreamMethod('Kinds', 'Chat')
  chat(@Payload(new ValidationPipe({ expectedType: NoteDto, transform: true })) notes: Subject<NoteDto>) {
    return afterAll(notes);
  }
}

@Controller()
@Injectable({ scope: Scope.REQUEST })
class OfRequestScope extends Single {
  constructor(@Inject(REQUEST) readonly request: object) {
    super();
  }

  @GrpcStreamMethod('Kinds', 'Collect')
  collect(@Payload() @EachMessage(NoteDto) notes: Observable<NoteDto>): Promise<unknown> {
    return afterAll(notes);
  }

  @GrpcStreamMethod('Kinds', 'Chat')
  chat(
    @Payload() @EachMessage(NoteDto) notes: Observable<NoteDto>,
    @Ctx() _metadata: Metadata,
  ): Promise<unknown> {
    return afterAll(notes);
  }
}

/** Nobody says what the messages are: they arrive as they are. */
@Controller()
class OfUntyped extends Single {
  @GrpcStreamMethod('Kinds', 'Collect')
  collect(notes: Observable<NoteDto>): Promise<unknown> {
    return afterAll(notes);
  }

  @GrpcStreamMethod('Kinds', 'Chat')
  chat(notes: AsyncIterable<NoteDto> & Observable<NoteDto>): Promise<unknown> {
    return afterAll(notes);
  }
}

const STRICT = {
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  validateCustomDecorators: true,
};

let service: TestService | undefined;
async function start(controller: Type, level: 'global' | 'controller'): Promise<void> {
  const scoped = level === 'controller';
  if (scoped) {
    UsePipes(new ValidationPipe(STRICT))(controller);
    UseInterceptors(suffix)(controller);
    UseFilters(OwnFilter)(controller);
  }
  service = await startTestService(kindsModule({ controllers: [controller] }), {
    prepare(app) {
      if (scoped) return;
      app.useGlobalPipes(new ValidationPipe(STRICT));
      app.useGlobalInterceptors(suffix);
      app.useGlobalFilters(new OwnFilter());
    },
  });
}
afterEach(async () => {
  await service?.close();
  service = undefined;
});

function running(): TestService {
  if (!service) throw new Error('no service was started');
  return service;
}

const GOOD: CallInput = {
  requests: [
    { text: 'x', n: 1 },
    { text: 'y', n: 2 },
  ],
};
const ask = (method: string, input: CallInput = GOOD) => call(running().grpcClient(KINDS), method, input);

const CONTROLLERS: ReadonlyArray<readonly [string, Type, 'global' | 'controller', boolean]> = [
  ['Observable<T>', OfObservable, 'global', true],
  ['AsyncIterable<T>', OfAsyncIterable, 'global', true],
  ['Subject<T>', OfSubject, 'global', true],
  ['a request-scoped controller', OfRequestScope, 'global', true],
  ['untyped', OfUntyped, 'global', false],
];

describe.each(CONTROLLERS)('%s', (_name, controller, level, typed) => {
  beforeEach(() => start(controller, level));

  it('pipes, interceptors and the answer meet in every kind and form', async () => {
    for (const method of METHODS) {
      const streams = method === 'Watch' || method === 'Chat';
      for (form of streams ? STREAM : SINGLE) {
        seen = [];
        const outcome = await ask(method);
        expect([method, form, outcome.code, outcome.messages]).toEqual([
          method,
          form,
          status.OK,
          [{ text: 'a mapped', n: 1 }],
        ]);
        const requests = method === 'Collect' || method === 'Chat' ? 2 : 1;
        expect([method, form, seen.length]).toEqual([method, form, requests]);
        if (typed || requests === 1) expect(seen.every((note) => note instanceof NoteDto)).toBe(true);
      }
    }
  });

  it('a filter is asked once about the error of every kind and form', async () => {
    failing = true;
    for (const method of METHODS) {
      const streams = method === 'Watch' || method === 'Chat';
      for (form of streams ? STREAM : SINGLE.filter((each) => each !== 'Observable')) {
        filtered = [];
        const outcome = await ask(method);
        expect([method, form, outcome.code, outcome.details, filtered]).toEqual([
          method,
          form,
          status.NOT_FOUND,
          'filtered broken',
          ['rpc'],
        ]);
        const late = streams && /generator|Observable/.test(form);
        expect([method, form, outcome.messages.length]).toEqual([method, form, late ? 1 : 0]);
      }
    }
  });

  it('a message that is wrong is refused, and the handler never sees it', async () => {
    for (const method of METHODS) {
      seen = [];
      const single = method === 'Unary' || method === 'Watch';
      const outcome = await ask(method, {
        requests: single ? [{ n: 101 }] : [{ n: 1 }, { n: 101 }, { n: 2 }],
      });
      if (!typed && !single) {
        expect(outcome.code).toBe(status.OK);
        continue;
      }
      expect([method, outcome.code]).toEqual([method, status.INVALID_ARGUMENT]);
      expect(outcome.details).toContain('n must not be greater than 100');
      expect(seen.every((note) => (note as NoteDto).n === 1)).toBe(true);
    }
  });

  it('says at start which messages are not checked', () => {
    const warned = running().logs.where((line) => line['msg'].startsWith('ValidationPipe does not check'));
    expect(warned.map((line) => line['handlers'])).toEqual(
      typed ? [] : [[`${controller.name}.collect`, `${controller.name}.chat`]],
    );
  });
});

describe('enhancers of a controller', () => {
  @Controller()
  class Scoped extends OfObservable {}

  it('see the messages as global ones do', async () => {
    await start(Scoped, 'controller');
    expect(await ask('Chat')).toMatchObject({ code: status.OK, messages: [{ text: 'a mapped' }] });
    expect(await ask('Chat', { requests: [{ n: 101 }] })).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

describe("the forms of Nest's guides", () => {
  const Tenant = createParamDecorator((_data: unknown, context: ExecutionContext) =>
    String(context.switchToRpc().getContext<Metadata>().get('x-tenant')[0]),
  );
  const doubled: PipeTransform<NoteDto, NoteDto> = { transform: ({ text, n }) => ({ text, n: n * 2 }) };
  const inGuard: CanActivate = {
    canActivate(context) {
      seen.push(`guard ${context.getHandler().name}`);
      return true;
    },
  };

  @Controller()
  @UseGuards(inGuard)
  class Guides {
    @GrpcMethod('Kinds', 'Unary')
    find(data: NoteDto, metadata: Metadata, rpc: ServerUnaryCall<NoteDto, NoteDto>): object {
      seen.push(data instanceof NoteDto, metadata.get('x-tenant'), rpc.request.n, rpc.getPath());
      return data;
    }

    @GrpcMethod('Kinds', 'Watch')
    watch(
      @Payload('n', ParseIntPipe) n: number,
      @Tenant() tenant: string,
      @Ctx() metadata: Metadata,
    ): object[] {
      seen.push(n, tenant, metadata.get('x-tenant'));
      return [{ n }];
    }

    @GrpcStreamMethod('Kinds', 'Collect')
    collect(@EachMessage(NoteDto) @Payload(doubled) messages: Observable<NoteDto>): Promise<object> {
      return lastValueFrom(messages.pipe(toArray())).then((all) => ({
        n: all.reduce((sum, { n }) => sum + n, 0),
      }));
    }

    /** As in the guide: nobody hears of errors. */
    @GrpcStreamMethod('Kinds', 'Chat')
    chat(@EachMessage(NoteDto) messages: Observable<NoteDto>): Observable<object> {
      const subject = new Subject<object>();
      messages.subscribe({
        next: ({ n }) => {
          if (n === 13) throw new OwnError('thirteen');
          subject.next({ n: n + 1 });
        },
        complete: () => subject.complete(),
      });
      return subject.asObservable();
    }
  }

  // What reaches the process unheard fails the run.
  beforeEach(() => start(Guides, 'global'));
  const metadata = { 'x-tenant': 'acme' };

  it('(data, metadata, call)', async () => {
    await ask('Unary', { requests: [{ text: 'x', n: 1 }], metadata });
    expect(seen).toEqual(['guard find', true, ['acme'], 1, '/kun.test.v1.Kinds/Unary']);
  });

  it('@Payload of a property with a pipe, a decorator of its own, @Ctx', async () => {
    expect(await ask('Watch', { requests: [{ n: 4 }], metadata })).toMatchObject({ code: status.OK });
    expect(seen.slice(1)).toEqual([4, 'acme', ['acme']]);
  });

  it("a parameter's own pipe after the global ones", async () => {
    expect(await ask('Collect', { requests: [{ n: 1 }, { n: 2 }] })).toMatchObject({ messages: [{ n: 6 }] });
  });

  it('a stream whose handler hears of no error: a refused message, its own mistake, and a caller who leaves', async () => {
    expect(await ask('Chat', { requests: [{ n: 1 }, { n: 2 }] })).toMatchObject({
      code: status.OK,
      messages: [{ n: 2 }, { n: 3 }],
    });
    expect(await ask('Chat', { requests: [{ n: 101 }] })).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await ask('Chat', { requests: [{ n: 13 }] })).toMatchObject({
      code: status.NOT_FOUND,
      details: 'filtered thirteen',
    });
    const leaving = startCall(running().grpcClient(KINDS), 'Chat', { requests: [{ n: 1 }], open: true });
    await leaving.received(1);
    leaving.cancel();
    expect(await leaving.outcome).toMatchObject({ code: status.CANCELLED });
    await expect.poll(() => running().logs.finishedCalls.length).toBe(4);
  });
});

describe('what user code is given', () => {
  let things: unknown[];

  @Controller()
  class Curious extends AllKinds {
    @GrpcMethod('Kinds', 'Unary')
    override unary(...args: unknown[]): object {
      things.push(args[2], currentCall());
      return {};
    }

    @GrpcStreamMethod('Kinds', 'Collect')
    override collect(...args: unknown[]): object {
      things.push(args[0], args[2]);
      return {};
    }

    @GrpcStreamCall('Kinds', 'Chat')
    override chat(stream?: unknown): object[] {
      things.push(stream);
      (stream as ServerDuplexStream<object, object>).end();
      return [];
    }
  }

  it('leads nowhere: printed, as JSON, copied', async () => {
    things = [];
    await start(Curious, 'global');
    const secret = { metadata: { authorization: 'Bearer secret' } };
    for (const method of ['Unary', 'Collect', 'Chat']) {
      expect(await ask(method, { ...secret, requests: [{ n: 1 }] })).toMatchObject({ code: status.OK });
    }
    expect(things).toHaveLength(5);
    for (const thing of things) {
      const said = JSON.stringify(thing) + inspect(thing, { depth: 20, showHidden: false });
      expect(said).not.toMatch(/secret|Socket|Http2|BaseServerInterceptingCall/);
      expect(said.length).toBeLessThan(20_000);
    }
    const [, rpcCall, messages] = things;
    expect(JSON.parse(JSON.stringify(rpcCall))).toMatchObject({
      side: 'server',
      method: '/kun.test.v1.Kinds/Unary',
    });
    expect(structuredClone(messages)).toEqual({});
    const copy = Object.assign(Object.create(Object.getPrototypeOf(messages) as object) as object, messages);
    await expect(lastValueFrom(copy as Observable<unknown>)).rejects.toThrow('a copy of a request stream');
  });
});

describe('a handler that would not get its messages', () => {
  @Controller()
  class PropertyOfStream extends AllKinds {
    @GrpcStreamMethod('Kinds', 'Collect')
    override collect(@Payload('n') _n?: number): object {
      return {};
    }
  }

  @Controller()
  class NoPayload extends AllKinds {
    @GrpcStreamMethod('Kinds', 'Collect')
    override collect(
      @EachMessage(NoteDto) _notes?: Observable<NoteDto>,
      @Ctx() _metadata?: Metadata,
    ): object {
      return {};
    }
  }

  it.each<[string, Type, RegExp]>([
    [
      'takes a property of the stream',
      PropertyOfStream,
      /PropertyOfStream\.collect: @Payload\("n"\) selects a property/,
    ],
    [
      'has no @Payload beside other decorators',
      NoPayload,
      /NoPayload\.collect: .* write @Payload\(\) beside/,
    ],
  ])('%s: refused at start, with its place', async (_what, controller, message) => {
    await expect(startTestService(kindsModule({ controllers: [controller] }))).rejects.toThrow(message);
  });
});

describe('a generator behind interceptors', () => {
  let produced: number;

  @Controller()
  @UseInterceptors(suffix)
  class Fast extends AllKinds {
    @GrpcMethod('Kinds', 'Watch')
    override watch(): AsyncGenerator<object> & object[] {
      const generate = async function* () {
        try {
          for (; produced < 10_000; produced++) yield { text: 'x'.repeat(16 * 1024) };
        } finally {
          seen.push('cleaned up');
        }
      };
      return generate() as AsyncGenerator<object> & object[];
    }
  }

  it('is not made faster than its reader takes it, and cleans up when the reader leaves', async () => {
    produced = 0;
    service = await startTestService(kindsModule({ controllers: [Fast] }));
    const client = running().grpcClient(KINDS) as unknown as Record<
      string,
      (request: object) => NodeJS.ReadableStream
    >;
    const stream = client['Watch']?.({}) as NodeJS.ReadableStream & { cancel(): void };
    stream.on('error', () => {});
    await new Promise<void>((resolve) =>
      stream.once('data', () => {
        stream.pause();
        resolve();
      }),
    );
    let before = -1;
    await expect
      .poll(() => {
        const settled = produced === before;
        before = produced;
        return settled;
      })
      .toBe(true);
    expect(produced).toBeLessThan(200);
    stream.cancel();
    await expect.poll(() => seen).toEqual(['cleaned up']);
    await expect.poll(() => running().logs.finishedCalls.length).toBe(1);
  });
});

it('of two reads at once both settle, in order', async () => {
  @Controller()
  class Eager extends Single {
    @GrpcStreamMethod('Kinds', 'Collect')
    async collect(notes: AsyncIterable<NoteDto>): Promise<object> {
      const iterator = notes[Symbol.asyncIterator]();
      const steps = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
      return { text: JSON.stringify(steps.map((step) => (step.done ? 'end' : step.value.n))) };
    }

    @GrpcStreamMethod('Kinds', 'Chat')
    chat(notes: Observable<NoteDto>): Observable<NoteDto> {
      return from(notes);
    }
  }
  service = await startTestService(kindsModule({ controllers: [Eager] }));
  expect(await ask('Collect')).toMatchObject({ messages: [{ text: '[1,2,"end"]' }] });
  expect(await ask('Chat')).toMatchObject({ code: status.OK, messages: [{ n: 1 }, { n: 2 }] });
});

it('an interceptor that refuses a stream mid-way ends it', async () => {
  const limit: NestInterceptor = {
    intercept: (_context, next: CallHandler<{ n: number }>) =>
      next.handle().pipe(
        map((note, index) => {
          if (index === 1) throw invalidArgument('enough');
          return note;
        }),
      ),
  };
  @Controller()
  @UseInterceptors(limit)
  class Limited extends AllKinds {
    @GrpcMethod('Kinds', 'Watch')
    override watch(): object[] {
      return [{ n: 1 }, { n: 2 }];
    }
  }
  service = await startTestService(kindsModule({ controllers: [Limited] }));
  expect(await ask('Watch')).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: 'enough',
    messages: [{ n: 1 }],
  });
});

describe('errors that only look meant for the caller', () => {
  const SECRET = 'password=hunter2';
  const LOOK_ALIKES: ReadonlyArray<readonly [string, () => unknown]> = [
    ['of PostgreSQL', () => Object.assign(new Error(SECRET), { code: '23505', detail: SECRET })],
    ['of the system', () => Object.assign(new Error(SECRET), { code: 'ECONNREFUSED', errno: -111 })],
    ['with a number as its code', () => Object.assign(new Error(SECRET), { code: 5, details: SECRET })],
    [
      'of http-errors',
      () => Object.assign(new Error(SECRET), { expose: true, statusCode: 404, status: 404 }),
    ],
    ['that is a plain { code, message }', () => ({ code: 5, message: SECRET })],
    ['that is a plain { status, message }', () => ({ status: 'error', message: SECRET })],
    ['with issues', () => Object.assign(new Error(SECRET), { issues: [{ message: SECRET, path: ['a'] }] })],
    ['that is a list of failures', () => [{ property: 'a', constraints: { isInt: SECRET } }]],
  ];
  let thrown: () => unknown;
  let inPipe: boolean;
  const fail = (): never => {
    throw thrown();
  };

  @Catch()
  class NestsFilter extends BaseRpcExceptionFilter {}

  const failingPipe: PipeTransform = { transform: (value: unknown) => (inPipe ? fail() : value) };

  @Controller()
  @UsePipes(failingPipe)
  class Failing {
    @GrpcMethod('Kinds', 'Unary')
    unary(): object {
      return fail();
    }

    @GrpcMethod('Kinds', 'Watch')
    async *watch(): AsyncGenerator<object> {
      yield { text: 'first' };
      fail();
    }

    @GrpcStreamMethod('Kinds', 'Collect')
    collect(notes: Observable<NoteDto>): Promise<object> {
      return lastValueFrom(notes.pipe(map(fail)));
    }

    @GrpcStreamMethod('Kinds', 'Chat')
    chat(notes: Observable<NoteDto>): Observable<object> {
      return notes.pipe(map(fail));
    }
  }

  beforeEach(async () => {
    inPipe = false;
    service = await startTestService(kindsModule({ controllers: [Failing] }));
  });

  it.each(LOOK_ALIKES)('%s: INTERNAL, and its text only in the log, in every kind', async (_what, make) => {
    thrown = make;
    for (const method of METHODS) {
      const outcome = await ask(method);
      expect(outcome).toMatchObject({ code: status.INTERNAL, details: 'Internal server error' });
      expect(JSON.stringify(outcome.trailers)).not.toContain('hunter2');
    }
    await expect.poll(() => running().logs.finishedCalls.length).toBe(METHODS.length);
    for (const line of running().logs.finishedCalls) expect(JSON.stringify(line['err'])).toContain('hunter2');
  });

  it("but what Nest's own filter makes of an exception is", async () => {
    await service?.close();
    service = await startTestService(kindsModule({ controllers: [Failing] }), {
      prepare(app) {
        app.useGlobalFilters(new NestsFilter());
      },
    });
    thrown = () => new RpcException({ code: status.NOT_FOUND, message: 'no such note' });
    for (const method of METHODS) {
      expect(await ask(method)).toMatchObject({ code: status.NOT_FOUND, details: 'no such note' });
    }
    thrown = () => ({ code: status.NOT_FOUND, message: SECRET });
    expect(await ask('Unary')).toMatchObject({ code: status.INTERNAL, details: 'Internal server error' });
  });

  it('but the failures that a pipe finds in a request are for the caller', async () => {
    inPipe = true;
    thrown = () => Object.assign(new Error('x'), { issues: [{ message: 'too long', path: ['text'] }] });
    for (const method of METHODS) {
      expect(await ask(method)).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'text: too long' });
    }
  });
});
