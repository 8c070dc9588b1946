import { Client, credentials, status } from '@grpc/grpc-js';
import { currentCall, retryInfo, unavailable } from '@kun/core';
import { afterEach, describe, expect, it } from 'vitest';
import { KINDS } from '../../fixtures/kinds.module.js';
import { call } from '../call.js';
import { freePorts } from '../config-tree.js';
import type { KindsHandlers } from '../kinds-controller.js';
import { sumOf } from '../metrics-text.js';
import {
  forwardTo,
  startLinked,
  type KindsClient,
  type LinkedOptions,
  type LinkedService,
} from './linked-service.js';

const QUICK = { InitialBackoff: 0.001, MaxBackoff: 0.002 };
const running: LinkedService[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service[Symbol.asyncDispose]();
});

type Hop = Omit<LinkedOptions, 'next' | 'handlers'> & {
  handlers?: (next: () => KindsClient) => KindsHandlers;
};

/** Services in a row, the first of which is called; `target` is where the last of them calls. */
async function chain(target: string, hops: readonly Hop[]): Promise<LinkedService[]> {
  const services: LinkedService[] = [];
  let next = target;
  for (const hop of hops.toReversed()) {
    const own: { service?: LinkedService } = {};
    const handlers = (hop.handlers ?? forwardTo)(() => own.service!.next);
    const { handlers: _handlers, ...options } = hop;
    const service = await startLinked({
      ...options,
      upstream: { Retry: QUICK, ...hop.upstream },
      next,
      handlers,
    });
    own.service = service;
    services.unshift(service);
    running.unshift(service);
    next = service.grpcAddress;
  }
  return services;
}

/** The attempts that each service made at its upstream. */
const attempts = (services: readonly LinkedService[]) =>
  Promise.all(services.map(async (each) => sumOf(await each.metrics(), 'grpc_client_started_total')));

/** A last service that fails, and counts. */
async function failing(
  fail: () => never = () => {
    throw unavailable('down');
  },
) {
  const count = { calls: 0 };
  const handler = () => (count.calls++, fail());
  const service = await startLinked({ handlers: { unary: handler, watch: handler } });
  running.push(service);
  return { count, address: service.grpcAddress };
}

const ask = (service: LinkedService, method = 'Unary', metadata = {}) =>
  call(service.grpcClient(KINDS), method, { requests: [{ text: 'a' }], metadata });

describe('a chain whose last service is down', () => {
  it.each([2, 3, 4])('of %i services makes one layer of attempts, by the last that runs', async (count) => {
    const [port] = await freePorts(1);
    const services = await chain(
      `127.0.0.1:${port}`,
      Array.from({ length: count }, () => ({})),
    );
    const { code, trailers } = await ask(services[0]!);
    expect(code).toBe(status.UNAVAILABLE);
    expect(trailers.get('grpc-retry-pushback-ms')).toEqual(['-1']);
    expect(await attempts(services)).toEqual([...Array<number>(count - 1).fill(1), 3]);
  });

  it.each(['Unary', 'Watch'])('or answers that it cannot, in %s, makes one layer', async (method) => {
    const last = await failing();
    const services = await chain(last.address, [{}, {}, {}]);
    expect(await ask(services[0]!, method)).toMatchObject({ code: status.UNAVAILABLE });
    expect(last.count.calls).toBe(3);
    expect(await attempts(services)).toEqual([1, 1, 3]);
  });

  it.each<[string, Hop]>([
    ['passes the error', { upstream: { Errors: 'pass' } }],
    [
      'masks it, where callers repeat that, too',
      { upstream: { Errors: 'mask', Retry: { ...QUICK, Policy: 'kunapp' } } },
    ],
    [
      'throws its own instead',
      {
        handlers: (next) => ({
          unary: (request) =>
            next()
              .unary(request)
              .catch(() => {
                throw unavailable('stock is away');
              }),
        }),
      },
    ],
    ['never tries again itself', { upstream: { Retry: { By: 'off' } } }],
    ['leaves it to the mesh', { upstream: { Retry: { By: 'mesh' } } }],
  ])('and where each service %s', async (_name, hop) => {
    const last = await failing();
    const { Retry } = (hop.upstream ?? {}) as { Retry?: { By?: string } };
    // The service next to the failure tries again, whatever the others do.
    const services = await chain(last.address, [hop, hop, Retry?.By ? {} : hop]);
    await ask(services[0]!);
    expect(last.count.calls).toBe(3);
    expect(await attempts(services)).toEqual([1, 1, 3]);
  });

  it('leaves the retries to the caller, if no upstream retries', async () => {
    const last = await failing();
    const services = await chain(last.address, [{}, { upstream: { Retry: { MaxAttempts: 1 } } }]);
    const { trailers } = await ask(services[0]!);
    expect(await attempts(services)).toEqual([3, 3]);
    expect(trailers.get('grpc-retry-pushback-ms')).toEqual(['-1']);
  });

  it('stops all retries at once when the upstream says not to come back', async () => {
    const last = await failing(() => {
      currentCall()!.responseTrailers.set('grpc-retry-pushback-ms', '-1');
      throw unavailable('down for the day');
    });
    const services = await chain(last.address, [{}, {}, {}]);
    await ask(services[0]!);
    expect(last.count.calls).toBe(1);
  });
});

describe('who calls such a chain', () => {
  it('by grpc-js with a retry policy of its own is told to stop, too', async () => {
    const last = await failing();
    const [first] = await chain(last.address, [{}]);
    const retryPolicy = {
      maxAttempts: 5,
      initialBackoff: '0.001s',
      maxBackoff: '0.002s',
      backoffMultiplier: 1,
      retryableStatusCodes: ['UNAVAILABLE'],
    };
    const client = new Client(first!.grpcAddress, credentials.createInsecure(), {
      'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }),
    });
    const bytes = (value: Buffer) => value;
    const code = await new Promise((resolve) =>
      client.makeUnaryRequest('/kun.test.v1.Kinds/Unary', bytes, bytes, Buffer.alloc(0), (error) =>
        resolve(error?.code),
      ),
    );
    client.close();
    expect(code).toBe(status.UNAVAILABLE);
    expect(last.count.calls).toBe(3);
  });

  it.each([{ 'grpc-previous-rpc-attempts': '1' }, { 'x-envoy-attempt-count': '2' }])(
    'again, as %o says, has the attempts, and is not told to stop',
    async (metadata) => {
      const last = await failing();
      const [first] = await chain(last.address, [{}]);
      const { trailers } = await ask(first!, 'Unary', metadata);
      expect(last.count.calls).toBe(1);
      expect(trailers.get('grpc-retry-pushback-ms')).toEqual([]);
      await ask(first!, 'Unary', { 'grpc-previous-rpc-attempts': 'many', 'x-envoy-attempt-count': '1' });
      expect(last.count.calls).toBe(1 + 3);
    },
  );

  it.each<[string, (next: () => KindsClient) => KindsHandlers, string[]]>([
    [
      'is told when to come back by a handler that knows',
      (next) => ({
        unary: (request) =>
          next()
            .unary(request)
            .catch(() => {
              throw unavailable('in a minute', { details: [retryInfo({ retryDelayMs: 60_000 })] });
            }),
      }),
      [],
    ],
    [
      'is told by the header itself',
      (next) => ({
        unary: (request) => {
          currentCall()!.responseTrailers.set('grpc-retry-pushback-ms', '500');
          return next().unary(request);
        },
      }),
      ['500'],
    ],
    [
      'is told nothing when the handler answers without it',
      (next) => ({
        unary: (request) =>
          next()
            .unary(request)
            .catch(() => ({ text: 'from memory' })),
      }),
      [],
    ],
  ])('%s', async (_name, handlers, pushback) => {
    const last = await failing();
    const [first] = await chain(last.address, [{ handlers }]);
    const { trailers } = await ask(first!);
    expect(trailers.get('grpc-retry-pushback-ms')).toEqual(pushback);
    expect(last.count.calls).toBe(3);
  });
});
