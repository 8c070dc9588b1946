import {
  BadRequestException,
  Controller,
  ForbiddenException,
  Get,
  GoneException,
  HttpException,
  Injectable,
  Param,
  Post,
  ServiceUnavailableException,
  UseGuards,
  type CanActivate,
  type INestApplication,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { MessagePattern, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom, isObservable, map, of } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorInfo, retryInfo } from '../details/details.js';
import { notFound, resourceExhausted } from '../factories.js';
import { STATUS_FILTER_OPTIONS, StatusFilter } from './status.filter.js';

const BUG = new TypeError('password=hunter2');

const THROWN: Record<string, unknown> = {
  status: notFound('größe', { details: [errorInfo({ reason: 'R', domain: 'd' })] }),
  bug: BUG,
  nothing: undefined,
  forbidden: new ForbiddenException(),
  gone: new GoneException('gone'),
  locked: new HttpException('held', 423),
  invalid: new BadRequestException(['name must be a string']),
  health: new ServiceUnavailableException({ status: 'error', details: { db: { status: 'down' } } }),
  busy: resourceExhausted('busy', { details: [retryInfo({ retryDelayMs: 1200 })] }),
};

@Injectable()
class Never implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller()
class Failing {
  @Get('/fail/:key') fail(@Param('key') key: string): void {
    throw THROWN[key];
  }

  @Get('/guarded') @UseGuards(Never) guarded(): void {}

  @Post('/body') body(): void {}

  @MessagePattern('throws') throws(): void {
    throw BUG;
  }

  @MessagePattern('emits') emits(): unknown {
    return of(1).pipe(
      map(() => {
        throw BUG;
      }),
    );
  }

  @MessagePattern('guarded') @UseGuards(Never) guardedCall(): void {}
}

/** A transport without a wire, so that what leaves Nest's pipeline can be looked at. */
class WirelessServer extends Server implements CustomTransportStrategy {
  listen(ready: () => void): void {
    ready();
  }

  close(): void {}

  on(): void {}

  unwrap(): never {
    throw new Error('there is nothing inside');
  }

  async call(pattern: string): Promise<unknown> {
    const result: unknown = await this.getHandlers().get(pattern)?.({});
    return isObservable(result) ? firstValueFrom(result) : result;
  }
}

let app: INestApplication;
let wireless: WirelessServer;
let base: string;
const logged = vi.fn<(...args: unknown[]) => void>();

async function start(options: object = {}): Promise<void> {
  const module = await Test.createTestingModule({
    controllers: [Failing],
    providers: [
      { provide: APP_FILTER, useClass: StatusFilter },
      { provide: STATUS_FILTER_OPTIONS, useValue: options },
    ],
  }).compile();
  app = module.createNestApplication({ logger: { log() {}, warn: logged, error: logged } });
  wireless = new WirelessServer();
  app.connectMicroservice({ strategy: wireless }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  base = await app.getUrl();
}

beforeEach(() => logged.mockClear());
afterEach(() => app.close());

describe('StatusFilter over HTTP', () => {
  it.each([
    [
      'status',
      404,
      {
        status: 'NOT_FOUND',
        message: 'größe',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'R', domain: 'd', metadata: {} },
        ],
      },
    ],
    ['forbidden', 403, { status: 'PERMISSION_DENIED', message: 'Forbidden', details: [] }],
    ['gone', 410, { status: 'NOT_FOUND', message: 'gone', details: [] }],
    ['locked', 423, { status: 'FAILED_PRECONDITION', message: 'held', details: [] }],
    [
      'invalid',
      400,
      {
        status: 'INVALID_ARGUMENT',
        message: 'name must be a string',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'name', description: 'name must be a string' }],
          },
        ],
      },
    ],
    [
      'busy',
      429,
      {
        status: 'RESOURCE_EXHAUSTED',
        message: 'busy',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.2s' }],
      },
    ],
  ])('answers %s', async (key, httpStatus, body) => {
    await start();
    const response = await fetch(`${base}/fail/${key}`);
    expect(response.status).toBe(httpStatus);
    expect(await response.json()).toEqual({ code: httpStatus, ...body });
    expect(response.headers.get('retry-after')).toBe(key === 'busy' ? '2' : null);
    expect(logged).not.toHaveBeenCalled();
  });

  it.each(['bug', 'nothing'])('hides %s, and logs it once', async (key) => {
    await start();
    const response = await fetch(`${base}/fail/${key}`);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      code: 500,
      status: 'INTERNAL',
      message: 'Internal server error',
      details: [],
    });
    expect(logged).toHaveBeenCalledTimes(1);
    expect(logged.mock.calls[0]?.[0]).toEqual(THROWN[key] ?? 'Thrown, and no Error: undefined');
  });

  it('explains a bug in development', async () => {
    await start({ development: true });
    const response = await fetch(`${base}/fail/bug`);
    expect(await response.text()).toContain('TypeError: password=hunter2');
  });

  it("answers a guard's refusal", async () => {
    await start();
    const response = await fetch(`${base}/guarded`);
    expect(await response.json()).toMatchObject({ code: 403, status: 'PERMISSION_DENIED' });
  });

  it('leaves a body alone that is not an error text', async () => {
    await start();
    const response = await fetch(`${base}/fail/health`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'error', details: { db: { status: 'down' } } });
  });

  it('answers errors that occurred before any handler', async () => {
    await start();
    const missing = await fetch(`${base}/none`);
    expect(await missing.json()).toMatchObject({ code: 404, status: 'NOT_FOUND' });
    const headers = { 'content-type': 'application/json' };
    const broken = await fetch(`${base}/body`, { method: 'POST', body: '{', headers });
    expect(await broken.json()).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    const large = await fetch(`${base}/body`, { method: 'POST', body: `"${'x'.repeat(200_000)}"`, headers });
    expect(await large.json()).toMatchObject({ code: 413, status: 'RESOURCE_EXHAUSTED' });
    expect(logged).not.toHaveBeenCalled();
  });
});

describe('StatusFilter for RPCs', () => {
  it.each(['throws', 'emits'])('hands the original error on, unlogged (%s)', async (pattern) => {
    await start();
    await expect(wireless.call(pattern)).rejects.toBe(BUG);
    expect(logged).not.toHaveBeenCalled();
  });

  it("hands a guard's refusal on", async () => {
    await start();
    await expect(wireless.call('guarded')).rejects.toMatchObject({ message: 'Forbidden resource' });
  });
});
