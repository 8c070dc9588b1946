import { status } from '@grpc/grpc-js';
import { notFound, type Interceptor } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import {
  Catch,
  Controller,
  Get,
  Post,
  Body,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import type { Response } from 'express';
import { map, of, throwError, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AllKinds } from '../fixtures/all-kinds.js';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call } from './call.js';
import { METHODS, type Notes } from './kinds-controller.js';
import { sumOf } from './metrics-text.js';

/** What ran, in its order. */
let ran: string[];
beforeEach(() => (ran = []));

const guard = (level: string): CanActivate => ({
  canActivate(context: ExecutionContext) {
    ran.push(`guard ${level}`);
    return !context.getArgByIndex<Partial<Note> | undefined>(0)?.text?.includes(`refused by ${level}`);
  },
});
const interceptor = (level: string): NestInterceptor => ({
  intercept(_context: ExecutionContext, next: CallHandler<Partial<Note>>) {
    ran.push(`interceptor ${level}`);
    return next.handle().pipe(map((note) => ({ ...note, text: `${note.text} ${level}` })));
  },
});
const pipe = (level: string): PipeTransform => ({
  transform(value: unknown, { type }: ArgumentMetadata) {
    // Of a call Nest also hands metadata and call to pipes, as `custom`.
    if (type === 'body') ran.push(`pipe ${level}`);
    return value;
  },
});

/** All four kinds and a route of HTTP, each with everything of its own. */
@Controller()
@UseGuards(guard('controller'))
@UseInterceptors(interceptor('controller'))
@UsePipes(pipe('controller'))
class PipelineController {
  @GrpcMethod('Kinds')
  @UseGuards(guard('method'))
  @UseInterceptors(interceptor('method'))
  @UsePipes(pipe('method'))
  unary(): Partial<Note> {
    return answer();
  }

  @GrpcMethod('Kinds')
  @UseGuards(guard('method'))
  @UseInterceptors(interceptor('method'))
  @UsePipes(pipe('method'))
  watch(): Observable<Partial<Note>> {
    return of(answer());
  }

  @GrpcStreamMethod('Kinds')
  @UseGuards(guard('method'))
  @UseInterceptors(interceptor('method'))
  @UsePipes(pipe('method'))
  async collect(requests: Notes): Promise<Partial<Note>> {
    for await (const _ of requests);
    return answer();
  }

  @GrpcStreamMethod('Kinds')
  @UseGuards(guard('method'))
  @UseInterceptors(interceptor('method'))
  @UsePipes(pipe('method'))
  chat(requests: Notes): Observable<Partial<Note>> {
    return requests.pipe(map(answer));
  }

  @Post('/note')
  @UseGuards(guard('method'))
  @UseInterceptors(interceptor('method'))
  @UsePipes(pipe('method'))
  note(@Body() _note: Note): Partial<Note> {
    return answer();
  }
}

function answer(): Partial<Note> {
  ran.push('handler');
  return { text: 'answer' };
}

const own: Interceptor = (next) => (rpc) => {
  ran.push('own');
  return next(rpc);
};

describe('guards, interceptors and pipes of useGlobal*, APP_*, a controller and a method', () => {
  let service: TestService;
  beforeEach(async () => {
    const root = kindsModule(
      {
        controllers: [PipelineController],
        providers: [
          { provide: APP_GUARD, useValue: guard('APP') },
          { provide: APP_INTERCEPTOR, useValue: interceptor('APP') },
          { provide: APP_PIPE, useValue: pipe('APP') },
        ],
      },
      { interceptors: [own] },
    );
    service = await startTestService(root, {
      ports: { http: 0 },
      prepare(app) {
        app.useGlobalGuards(guard('global'));
        app.useGlobalInterceptors(interceptor('global'));
        app.useGlobalPipes(pipe('global'));
      },
    });
  });
  afterEach(() => service.close());

  const LEVELS = ['APP', 'global', 'controller', 'method'];
  const PIPELINE = [
    ...LEVELS.map((level) => `guard ${level}`),
    ...LEVELS.map((level) => `interceptor ${level}`),
    ...LEVELS.map((level) => `pipe ${level}`),
    'handler',
  ];
  /** The innermost interceptor sees the answer first. */
  const ANSWER = 'answer method controller global APP';

  it.each(METHODS)('run once for a call, in the order of Nest: %s', async (method) => {
    const outcome = await call(service.grpcClient(KINDS), method);
    expect(outcome).toMatchObject({ code: status.OK, messages: [{ text: ANSWER }] });
    expect(ran).toEqual(['own', ...PIPELINE]);
  });

  it('run once for a request on HTTP', async () => {
    const response = await post(service, '{}');
    expect([response.status, await response.json()]).toEqual([201, { text: ANSWER }]);
    expect(ran).toEqual(PIPELINE);
  });

  it.each(LEVELS)('refuse with PERMISSION_DENIED and 403, counted and logged once: %s', async (level) => {
    const client = service.grpcClient(KINDS);
    const requests = [{ text: `refused by ${level}` }];
    for (const method of ['Unary', 'Watch']) {
      expect(await call(client, method, { requests })).toMatchObject({ code: status.PERMISSION_DENIED });
    }
    expect(ran.filter((what) => !/^(own|guard)/.test(what))).toEqual([]);
    expect(ran.at(-1)).toBe(`guard ${level}`);
    const handled = sumOf(await service.metrics(), 'grpc_server_handled_total', {
      grpc_code: 'PermissionDenied',
    });
    expect(handled).toBe(2);
    expect(service.logs.finishedCalls.map((line) => line['grpc.code'])).toEqual([
      'PermissionDenied',
      'PermissionDenied',
    ]);
  });
});

class OwnError extends Error {}

describe.each(['useGlobalFilters', 'APP_FILTER', 'a controller', 'a method'])('a filter of %s', (level) => {
  const filters: ExceptionFilter[] = [];

  @Catch(OwnError)
  class OwnFilter implements ExceptionFilter {
    catch(error: OwnError, host: ArgumentsHost): Observable<never> | void {
      ran.push(`filter on ${host.getType()}`);
      if (host.getType() !== 'http') return throwError(() => notFound(`filtered ${error.message}`));
      host.switchToHttp().getResponse<Response>().status(418).json({ filtered: error.message });
    }
  }
  filters.push(new OwnFilter());
  const onController = level === 'a controller' ? filters : [];
  const onMethod = level === 'a method' ? filters : [];

  @Controller()
  @UseFilters(...onController)
  class ThrowingController {
    @GrpcMethod('Kinds')
    @UseFilters(...onMethod)
    unary(): never {
      throw new OwnError('at once');
    }

    @GrpcMethod('Kinds')
    @UseFilters(...onMethod)
    watch(): Observable<never> {
      return throwError(() => new OwnError('later'));
    }

    @GrpcStreamMethod('Kinds')
    @UseFilters(...onMethod)
    async collect(): Promise<never> {
      throw new OwnError('at once');
    }

    @GrpcStreamMethod('Kinds')
    @UseFilters(...onMethod)
    chat(requests: Notes): Observable<never> {
      return requests.pipe(
        map(() => {
          throw new OwnError('later');
        }),
      );
    }

    @Get('/note')
    @UseFilters(...onMethod)
    note(): never {
      throw new OwnError('at once');
    }
  }

  it('answers for what it catches, once, in all kinds and on HTTP', async () => {
    const providers = level === 'APP_FILTER' ? [{ provide: APP_FILTER, useClass: OwnFilter }] : [];
    const root = kindsModule({ controllers: [ThrowingController], providers });
    const service = await startTestService(root, {
      ports: { http: 0 },
      prepare(app) {
        if (level === 'useGlobalFilters') app.useGlobalFilters(...filters);
      },
    });
    const client = service.grpcClient(KINDS);
    for (const method of METHODS) {
      ran = [];
      const outcome = await call(client, method);
      expect(outcome).toMatchObject({
        code: status.NOT_FOUND,
        details: expect.stringMatching(/^filtered/) as string,
      });
      expect([method, ...ran]).toEqual([method, 'filter on rpc']);
    }
    ran = [];
    const response = await fetch(`${service.httpUrl}/note`);
    expect([response.status, await response.json()]).toEqual([418, { filtered: 'at once' }]);
    expect(ran).toEqual(['filter on http']);
    await service.close();
    expect(service.logs.finishedCalls.map((line) => line['grpc.code'])).toEqual(Array(4).fill('NotFound'));
  });
});

describe('on HTTP, without a filter of the user', () => {
  @Controller()
  class HttpController extends AllKinds {
    @Get('/missing')
    missing(): never {
      throw notFound('no such note');
    }

    @Get('/secret')
    secret(): never {
      throw new Error('secret');
    }
  }

  it('a status becomes its HTTP status, and an unknown error 500 without its text, logged once with the id', async () => {
    const service = await startTestService(kindsModule({ controllers: [HttpController] }), {
      ports: { http: 0 },
    });
    const missing = await fetch(`${service.httpUrl}/missing`);
    expect([missing.status, await missing.json()]).toEqual([
      404,
      expect.objectContaining({ code: 404, status: 'NOT_FOUND', message: 'no such note' }),
    ]);
    const secret = await fetch(`${service.httpUrl}/secret`, { headers: { 'x-request-id': 'req-1' } });
    expect(secret.status).toBe(500);
    expect(secret.headers.get('x-request-id')).toBe('req-1');
    expect(await secret.text()).not.toContain('secret');
    await service.close();
    const told = service.logs.where((line) => JSON.stringify(line['err'] ?? '').includes('secret'));
    expect(told).toMatchObject([{ level: 'error', request_id: 'req-1', err: { message: 'secret' } }]);
  });
});

function post(service: TestService, body: string): Promise<globalThis.Response> {
  return fetch(`${service.httpUrl}/note`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
}
