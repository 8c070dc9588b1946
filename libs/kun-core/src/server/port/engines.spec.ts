import { once } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { PerRequestMetricRecorder } from '@grpc/grpc-js/build/src/orca.js';
import { service as healthService } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { currentCall } from '../../rpc/current-call.js';
import { deferred } from '../../testing/deferred.js';
import { serveHandlers, type Handlers, type M } from '../../../test/serve.js';

// What callers, handlers and observers see is the same, whatever carries the calls.
describe.each(['kun', 'grpc-js'] as const)('the engine %s', (engine) => {
  let service: Awaited<ReturnType<typeof serveHandlers>>;
  let clients: grpc.Client[] = [];
  afterEach(async () => {
    for (const client of clients) client.close();
    clients = [];
    await service.stop();
  });

  async function serve(handlers: Handlers): Promise<Methods> {
    service = await serveHandlers(handlers, [], { engine });
    return service.connect<grpc.Client & Methods>();
  }

  /** A client of a service that is not the user's. */
  function other(definition: grpc.ServiceDefinition): Methods {
    const Constructor = grpc.makeGenericClientConstructor(definition, '');
    const client = new Constructor(`127.0.0.1:${service.port}`, grpc.credentials.createInsecure());
    clients.push(client);
    return client as unknown as Methods;
  }

  it('carries metadata, both ways, and a deadline', async () => {
    const client = await serve({
      Unary: (request: M, metadata: grpc.Metadata, call: grpc.ServerUnaryCall<M, M>) => {
        const headers = new grpc.Metadata();
        headers.add('a-bin', Buffer.from([0, 1, 2]));
        headers.add('b', 'x');
        headers.add('b', 'y');
        call.sendMetadata(headers);
        const seen = [metadata.get('c'), metadata.get('d-bin'), Object.keys(metadata.getMap()).toSorted()];
        return { text: JSON.stringify(seen), n: Number(call.getDeadline() !== Infinity) };
      },
    });
    const metadata = new grpc.Metadata();
    metadata.add('c', 'one');
    metadata.add('d-bin', Buffer.from([255, 0]));
    const call = client.Unary({ text: '' }, metadata, { deadline: Date.now() + 20_000 }, ignore);
    const headers = once(call, 'metadata') as Promise<[grpc.Metadata]>;
    const answer = await answerOf((done) =>
      client.Unary({ text: '' }, metadata, { deadline: Date.now() + 20_000 }, done),
    );
    const [received] = await headers;
    expect(received.get('a-bin')).toEqual([Buffer.from([0, 1, 2])]);
    // Node joins what HTTP/2 carried as two fields.
    expect(received.get('b').join(', ')).toBe('x, y');
    expect(JSON.parse(answer.text)).toEqual([
      ['one'],
      [{ type: 'Buffer', data: [255, 0] }],
      ['c', 'd-bin', 'user-agent'],
    ]);
    expect(answer.n).toBe(1);
  });

  it('gives the handler a recorder of its load, and kun sends what was recorded', async () => {
    const client = await serve({
      Unary: (_request: M, _metadata: grpc.Metadata, call: grpc.ServerUnaryCall<M, M>) => {
        recordAll(call.getMetricsRecorder());
        return { text: 'ok' };
      },
    });
    const call = client.Unary({ text: '' }, new grpc.Metadata(), {}, ignore);
    const [{ metadata }] = (await once(call, 'status')) as [grpc.StatusObject];
    const oracle = new PerRequestMetricRecorder();
    recordAll(oracle);
    // Fields of a message have no order.
    const sent = metadata
      .get('endpoint-load-metrics-bin')
      .map((bytes) => Buffer.from((bytes as Buffer).toSorted()));
    expect(sent).toEqual(engine === 'kun' ? [Buffer.from(oracle.serialize().toSorted())] : []);
  });

  it('gives the handler of a call from within such a recorder, too', async () => {
    await serve({
      Unary: (_request: M, _metadata: grpc.Metadata, call: grpc.ServerUnaryCall<M, M>) => {
        recordAll(call.getMetricsRecorder());
        return { text: 'ok' };
      },
    });
    const ended = deferred<number>();
    const call = service.server.callLocally('/t.v1.T/Unary', {
      peer: '127.0.0.1:1',
      metadata: new grpc.Metadata(),
      deadline: Date.now() + 20_000,
      onHeaders: ignore,
      onMessage: (_bytes, taken) => taken(),
      onEnd: ({ code }) => ended.resolve(code),
    });
    call?.start();
    call?.push(Buffer.alloc(0));
    call?.halfClose();
    expect(await ended.promise).toBe(grpc.status.OK);
  });

  it('answers UNIMPLEMENTED for unknown methods, and reports them once', async () => {
    await serve({});
    const missing = other({ Nothing: { ...RAW, path: '/t.v1.T/Missing' } });
    await expect(
      answerOf((done) => missing['Nothing']!(Buffer.alloc(0), new grpc.Metadata(), {}, done)),
    ).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED });
    await expect.poll(() => service.endings.length).toBe(1);
    const [{ call, ending } = {}] = service.endings;
    expect(call).toMatchObject({ method: { typeLabel: 'unknown' } });
    expect(call?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(ending).toMatchObject({ code: grpc.status.UNIMPLEMENTED, cause: 'status' });
  });

  it.each([
    ['a request', { data: Buffer.alloc(2 * 1024 * 1024) }, { text: 'ok' }],
    ['a response', {}, { data: Buffer.alloc(2 * 1024 * 1024) }],
  ])('ends a call with %s that is too large RESOURCE_EXHAUSTED', async (_, request, response) => {
    const client = await serve({ Unary: () => response });
    await expect(
      answerOf((done) => client.Unary(request, new grpc.Metadata(), {}, done)),
    ).rejects.toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    await expect.poll(() => service.endings[0]?.ending.code).toBe(grpc.status.RESOURCE_EXHAUSTED);
  });

  it('serves health through the same chain: checks, errors and watches that end with the server', async () => {
    await serve({});
    const health = other(healthService);
    const check = (name: string) =>
      answerOf((done) => health['check']!({ service: name }, new grpc.Metadata(), {}, done));
    await expect(check('')).resolves.toMatchObject({ status: 'NOT_SERVING' });
    await expect(check('nobody')).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
    const watch = health['watch']!({ service: '' }) as unknown as grpc.ClientReadableStream<unknown>;
    watch.on('error', ignore);
    const status = new Promise((resolve) => watch.on('status', resolve));
    await once(watch, 'data');
    await service.drain();
    expect(await status).toMatchObject({ code: grpc.status.UNAVAILABLE });
    await expect.poll(() => service.endings.map(({ ending }) => ending.code)).toEqual([0, 5, 14]);
  });

  it('lets go of handlers whose caller has gone, and says which way it went', async () => {
    const started = deferred();
    const aborted = deferred<unknown>();
    const client = await serve({
      Unary: () =>
        new Promise((_, reject) => {
          const { signal } = currentCall()!;
          signal.addEventListener('abort', () => {
            aborted.resolve(signal.reason);
            reject(signal.reason as Error);
          });
          started.resolve();
        }),
    });
    client.Unary({ text: '' }, new grpc.Metadata(), {}, ignore);
    await started.promise;
    (client as unknown as grpc.Client).close();
    await service.drain(0, 0);
    expect(await aborted.promise).toMatchObject({ code: grpc.status.UNAVAILABLE });
    expect(service.server.openCalls.size).toBe(0);
  });
});

function recordAll(recorder: PerRequestMetricRecorder): void {
  recorder.recordRequestCostMetric('rows', 2.5);
  recorder.recordUtilizationMetric('pool', 0.5);
  recorder.recordNamedMetric('queue', 3);
  recorder.recordCPUUtilizationMetric(0.25);
  recorder.recordMemoryUtilizationMetric(0.75);
  recorder.recordApplicationUtilizationMetric(0.125);
  recorder.recordQpsMetric(7);
  recorder.recordEpsMetric(9);
}

type Method = (...args: unknown[]) => grpc.ClientUnaryCall;
type Methods = Record<string, Method> & { Unary: Method };

const same = (bytes: Buffer): Buffer => bytes;
const RAW = {
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

function answerOf(call: (done: (error: unknown, answer: M) => void) => void): Promise<M> {
  return new Promise((resolve, reject) => call((error, answer) => (error ? reject(error) : resolve(answer))));
}

function ignore(): void {}
