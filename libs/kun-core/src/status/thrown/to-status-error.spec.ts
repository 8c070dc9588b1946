import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  GoneException,
  HttpException,
  InternalServerErrorException,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';
import {
  GrpcException,
  GrpcNotFoundException,
  GrpcStatus,
  KafkaRetriableException,
  RpcException,
} from '@nestjs/microservices';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { firstValueFrom, NEVER, timeout } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorInfo, retryInfo } from '../details/details.js';
import { notFound } from '../factories.js';
import { filterAnswer } from './nest-error.js';
import { fromServiceError } from '../wire/service-error.js';
import { StatusError } from '../status-error.js';
import { toStatusError } from './to-status-error.js';
import { toTrailers } from '../wire/trailers.js';

const SECRET = 'password=hunter2';

/** Texts that were written for the caller */
const SPOKEN: Array<[string, unknown, status, string]> = [
  ['RpcException with a text', new RpcException('no luck'), status.UNKNOWN, 'no luck'],
  ['RpcException with a code', new RpcException({ code: 5, message: 'gone' }), status.NOT_FOUND, 'gone'],
  ['RpcException with a status', new RpcException({ status: 5, message: 'gone' }), status.NOT_FOUND, 'gone'],
  ['RpcException with details', new RpcException({ code: 5, details: 'gone' }), status.NOT_FOUND, 'gone'],
  ['RpcException with OK', new RpcException({ code: 0, message: 'gone' }), status.UNKNOWN, 'gone'],
  ['RpcException with no code', new RpcException({ message: 'gone' }), status.UNKNOWN, 'gone'],
  [
    'a guard that refused an RPC',
    new RpcException('Forbidden resource'),
    status.PERMISSION_DENIED,
    'Forbidden resource',
  ],
  [
    'a guard that refused HTTP',
    new ForbiddenException('Forbidden resource'),
    status.PERMISSION_DENIED,
    'Forbidden resource',
  ],
  [
    'RpcException around an HttpException',
    new RpcException(new NotFoundException('gone')),
    status.NOT_FOUND,
    'gone',
  ],
  ['RpcException around a StatusError', new RpcException(notFound('gone')), status.NOT_FOUND, 'gone'],
  ['GrpcException', new GrpcException('gone', GrpcStatus.NOT_FOUND), status.NOT_FOUND, 'gone'],
  ['GrpcException without a code', new GrpcException('gone'), status.UNKNOWN, 'gone'],
  ['GrpcNotFoundException', new GrpcNotFoundException('gone'), status.NOT_FOUND, 'gone'],
  ['HttpException', new HttpException('teapot', 418), status.FAILED_PRECONDITION, 'teapot'],
  ['HttpException with a redirect', new HttpException('moved', 302), status.UNKNOWN, 'moved'],
  ['HttpException with OK', new HttpException('fine', 200), status.UNKNOWN, 'fine'],
  ['HttpException with a body', new HttpException({ message: 'm', x: 1 }, 409), status.ALREADY_EXISTS, 'm'],
  ['NotFoundException', new NotFoundException('gone'), status.NOT_FOUND, 'gone'],
  ['UnauthorizedException', new UnauthorizedException('who'), status.UNAUTHENTICATED, 'who'],
  ['ConflictException', new ConflictException('twice'), status.ALREADY_EXISTS, 'twice'],
  ['GoneException', new GoneException('gone'), status.NOT_FOUND, 'gone'],
  ['BadRequestException', new BadRequestException('wrong'), status.INVALID_ARGUMENT, 'wrong'],
  ['InternalServerErrorException', new InternalServerErrorException('sorry'), status.INTERNAL, 'sorry'],
];

function lookAlike(name: string): new () => Error {
  const looking = class extends Error {
    getStatus = () => 404;
    getResponse = () => SECRET;
    getError = () => SECRET;
  };
  return Object.defineProperty(looking, 'name', { value: name });
}

/** Whose text must not leave the process */
const SILENT: Array<[string, unknown, status]> = [
  ['an Error', new Error(SECRET), status.INTERNAL],
  ['an Error with a number as its code', Object.assign(new Error(SECRET), { code: 5 }), status.INTERNAL],
  ['an Error of the system', Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' }), status.INTERNAL],
  ['RpcException around an Error', new RpcException(new Error(SECRET)), status.INTERNAL],
  ['KafkaRetriableException', new KafkaRetriableException(SECRET), status.INTERNAL],
  ['HttpException around an Error', new HttpException(new Error(SECRET), 502), status.UNAVAILABLE],
  // What only looks meant for callers.
  ['PostgreSQL', Object.assign(new Error(SECRET), { code: '23505', detail: SECRET }), status.INTERNAL],
  [
    'Prisma',
    Object.assign(new Error(SECRET), { code: 'P2002', meta: { target: [SECRET] } }),
    status.INTERNAL,
  ],
  ['MongoDB', Object.assign(new Error(SECRET), { code: 11000, keyValue: {} }), status.INTERNAL],
  [
    'AWS',
    Object.assign(new Error(SECRET), { $fault: 'client', $metadata: { httpStatusCode: 404 } }),
    status.INTERNAL,
  ],
  [
    'axios',
    Object.assign(new Error(SECRET), { status: 404, response: { data: SECRET }, toJSON: () => SECRET }),
    status.INTERNAL,
  ],
  ['a plain { code, message }', { code: 5, message: SECRET }, status.INTERNAL],
  ['a plain { status, message }', { status: 'error', message: SECRET }, status.INTERNAL],
  ['a plain { code, details, metadata }', { code: 5, details: SECRET, metadata: {} }, status.INTERNAL],
  [
    'a ServiceError but for its metadata',
    Object.assign(new Error(SECRET), { code: 8, details: SECRET, metadata: { get: () => [] } }),
    status.INTERNAL,
  ],
  ['http-errors', Object.assign(new Error(SECRET), { expose: true, statusCode: 404 }), status.INTERNAL],
  ['a schema that a handler ran', z.string().safeParse(SECRET.length).error, status.INTERNAL],
  ['Standard Schema issues', { issues: [{ message: SECRET, path: ['a'] }] }, status.INTERNAL],
  ['issues on an Error', Object.assign(new Error('x'), { issues: [{ message: SECRET }] }), status.INTERNAL],
  ['ValidationError[]', [{ property: 'a', constraints: { isInt: SECRET } }], status.INTERNAL],
  [
    'the methods of HttpException',
    Object.assign(new Error(SECRET), { getStatus: () => 404, getResponse: () => SECRET }),
    status.INTERNAL,
  ],
  ['a class with the methods of HttpException', new (lookAlike('ApiError'))(), status.INTERNAL],
  ['a class of that name, without its parts', new (lookAlike('HttpException'))(), status.INTERNAL],
  [
    'the method of RpcException',
    Object.assign(new Error(SECRET), { getError: () => SECRET }),
    status.INTERNAL,
  ],
  [
    'the name of StatusError',
    Object.assign(new Error(SECRET), { name: 'StatusError', code: 5 }),
    status.INTERNAL,
  ],
  ['AbortError', new DOMException(SECRET, 'AbortError'), status.CANCELLED],
  ['TimeoutError', new DOMException(SECRET, 'TimeoutError'), status.DEADLINE_EXCEEDED],
  ['a text', SECRET, status.INTERNAL],
  ['an object', { message: SECRET, secret: SECRET }, status.INTERNAL],
  ['undefined', undefined, status.INTERNAL],
  ['null', null, status.INTERNAL],
  ['a symbol', Symbol(SECRET), status.INTERNAL],
  ['a function', () => SECRET, status.INTERNAL],
  [
    'a getter that throws',
    {
      get message(): string {
        throw new Error(SECRET);
      },
    },
    status.INTERNAL,
  ],
  [
    'an Error whose getters throw',
    Object.defineProperty(new Error(SECRET), 'name', {
      get() {
        throw new Error(SECRET);
      },
    }),
    status.INTERNAL,
  ],
  [
    'a Proxy that throws',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error(SECRET);
        },
        has: () => {
          throw new Error(SECRET);
        },
        getPrototypeOf: () => {
          throw new Error(SECRET);
        },
      },
    ),
    status.INTERNAL,
  ],
];

describe('toStatusError', () => {
  it('leaves a StatusError as it is', () => {
    const error = notFound('gone');
    expect(toStatusError(error)).toBe(error);
  });

  it.each(SPOKEN)('%s', (_, thrown, code, message) => {
    const error = toStatusError(thrown);
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ code, message, hidesCause: false });
  });

  it.each(SILENT)('%s keeps its text to the log', (_, thrown, code) => {
    const error = toStatusError(thrown);
    expect(error.code).toBe(code);
    const sent = toTrailers(error);
    expect(sent.details + JSON.stringify(sent.metadata)).not.toContain('hunter2');
    expect(Object.is(error.cause, thrown)).toBe(true);
    expect(error.details).toEqual([]);
  });

  it.each(SILENT)('%s explains itself in development', (_, thrown) => {
    const error = toStatusError(thrown, { development: true });
    expect(error.message).not.toContain('hunter2');
    expect(error.details.length).toBe(error.hidesCause ? 1 : 0);
  });

  it.each([
    [{ status: 'error', message: 'Forbidden resource' }, status.PERMISSION_DENIED, 'Forbidden resource'],
    [{ status: 'error', message: 'no luck' }, status.UNKNOWN, 'no luck'],
    [{ code: 5, message: 'gone' }, status.NOT_FOUND, 'gone'],
    [{ status: 5, message: 'gone' }, status.NOT_FOUND, 'gone'],
    [{ status: 'error', message: 'Internal server error' }, status.INTERNAL, 'Internal server error'],
    [{ message: SECRET }, status.INTERNAL, 'Internal server error'],
  ])('takes from a filter what it takes from nobody else: %j', (answer, code, message) => {
    const thrown = new Error(SECRET);
    expect(toStatusError(filterAnswer(answer, thrown))).toMatchObject({ code, message });
    expect(toStatusError(answer)).toMatchObject({ code: status.INTERNAL, message: 'Internal server error' });
  });

  it("hears through Nest's hiding what was thrown", () => {
    const thrown = new Error(SECRET);
    const answer = { status: 'error', message: 'Internal server error' };
    expect(toStatusError(filterAnswer(answer, thrown)).cause).toBe(thrown);
  });

  it.each<[string, object, status, string]>([
    ['HttpException', new NotFoundException('gone'), status.NOT_FOUND, 'gone'],
    ['RpcException', new RpcException({ code: 5, message: 'gone' }), status.NOT_FOUND, 'gone'],
    ['GrpcException', new GrpcNotFoundException('gone'), status.NOT_FOUND, 'gone'],
  ])('knows %s of another copy of Nest', (_, original, code, message) => {
    expect(toStatusError(ofAnotherCopy(original))).toMatchObject({ code, message });
  });

  it('shows the stack in development', () => {
    const [info] = toStatusError(new TypeError('x is undefined'), { development: true }).details;
    expect(info).toMatchObject({ type: 'google.rpc.DebugInfo', detail: 'TypeError: x is undefined' });
    expect(info).toHaveProperty('stackEntries.0', expect.stringMatching(/^at .*to-status-error\.spec/));
  });

  it("knows Node's and RxJS' own abort and timeout errors", async () => {
    const abort = await rejection(() => AbortSignal.abort().throwIfAborted());
    expect(toStatusError(abort)).toMatchObject({ code: status.CANCELLED, message: 'Call cancelled' });
    const late = await rejection(() => firstValueFrom(NEVER.pipe(timeout({ first: 0 }))));
    expect(toStatusError(late)).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      message: 'Deadline exceeded',
    });
  });

  it('does not follow RpcExceptions that wrap each other for ever', () => {
    const outer = new RpcException('x');
    const inner = new RpcException(outer);
    outer.getError = () => inner;
    expect(toStatusError(outer).code).toBe(status.INTERNAL);
  });

  it('keeps metadata that an RpcException carries', () => {
    const metadata = new Metadata();
    metadata.set('hint', 'h');
    expect(toStatusError(new RpcException({ code: 5, message: 'x', metadata })).metadata).toBe(metadata);
  });

  it('answers anything at all', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withProxy: true } as object), (thrown) => {
        expect(toTrailers(toStatusError(thrown)).code).toBeGreaterThan(0);
      }),
    );
  });
});

describe("an upstream's error", () => {
  const retry = retryInfo({ retryDelayMs: 100 });
  const info = errorInfo({ reason: SECRET });

  // Which codes say as much to the caller as to this service.
  const MAPPED: Array<[status, status]> = [
    [status.CANCELLED, status.CANCELLED],
    [status.UNKNOWN, status.INTERNAL],
    [status.INVALID_ARGUMENT, status.INTERNAL],
    [status.DEADLINE_EXCEEDED, status.DEADLINE_EXCEEDED],
    [status.NOT_FOUND, status.INTERNAL],
    [status.ALREADY_EXISTS, status.INTERNAL],
    [status.PERMISSION_DENIED, status.INTERNAL],
    [status.RESOURCE_EXHAUSTED, status.RESOURCE_EXHAUSTED],
    [status.FAILED_PRECONDITION, status.INTERNAL],
    [status.ABORTED, status.ABORTED],
    [status.OUT_OF_RANGE, status.INTERNAL],
    [status.UNIMPLEMENTED, status.INTERNAL],
    [status.INTERNAL, status.INTERNAL],
    [status.UNAVAILABLE, status.UNAVAILABLE],
    [status.DATA_LOSS, status.INTERNAL],
    [status.UNAUTHENTICATED, status.INTERNAL],
  ];

  it.each(MAPPED)('with code %i is mapped to %i by default', (code, mapped) => {
    const thrown = serviceError(code);
    const error = toStatusError(thrown);
    expect(error).toMatchObject({ code: mapped, hidesCause: true, cause: thrown });
    expect(error.message).not.toContain(SECRET);
    expect(error.details).toEqual(code === mapped && code !== status.INTERNAL ? [retry] : []);
    expect(error.metadata.getMap()).toEqual({});
  });

  it.each(MAPPED)('with code %i is passed when told so', (code) => {
    const thrown = serviceError(code);
    const error = toStatusError(thrown, { upstream: 'pass' });
    expect(error).toMatchObject({ code, message: SECRET, details: [retry, info], cause: thrown });
    expect(error.metadata.getMap()).toEqual({});
  });

  it.each(MAPPED)('with code %i is masked when told so', (code) => {
    const error = toStatusError(serviceError(code), { upstream: 'mask' });
    expect(error).toMatchObject({ code: status.INTERNAL, message: 'Internal server error', details: [] });
  });

  it('is passed when a handler converts it by hand', () => {
    expect(toStatusError(fromServiceError(serviceError(status.NOT_FOUND)))).toMatchObject({
      code: status.NOT_FOUND,
      message: SECRET,
    });
  });

  it('is treated by the policy of the client that received it', () => {
    const received = fromServiceError(serviceError(status.NOT_FOUND), {
      upstream: { policy: 'mask', name: 'cache' },
    });
    expect(toStatusError(received, { upstream: 'pass' })).toMatchObject({
      code: status.INTERNAL,
      cause: received,
    });
  });

  function serviceError(code: status): ServiceError {
    const { metadata } = toTrailers(new StatusError(code, SECRET, { details: [retry, info] }));
    metadata.set('hop', SECRET);
    return Object.assign(new Error(`${code}: ${SECRET}`), { code, details: SECRET, metadata });
  }
});

async function rejection(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** The same error, whose classes are others of the same names and methods. */
function ofAnotherCopy(original: object): object {
  const copy = (prototype: object): object => {
    if (prototype === Error.prototype) return prototype;
    const above = copy(Object.getPrototypeOf(prototype) as object);
    const twin: object = Object.create(above, Object.getOwnPropertyDescriptors(prototype)) as object;
    const constructor = function () {};
    Object.defineProperty(constructor, 'name', { value: prototype.constructor.name });
    return Object.defineProperty(twin, 'constructor', { value: constructor });
  };
  const error = new Error((original as Error).message);
  Object.defineProperties(error, Object.getOwnPropertyDescriptors(original));
  return Object.setPrototypeOf(error, copy(Object.getPrototypeOf(original) as object)) as object;
}
