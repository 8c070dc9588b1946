import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { currentCall, GrpcJsServiceError, HandlerCoverageError, type GrpcJsServices } from '@kun/core';
import { deferred, startTestService, type TestService } from '@kun/core/testing';
import { Controller, Injectable } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { HealthImplementation } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindsModule, type Note } from '../fixtures/kinds.module.js';
import { startCall, type CallInput, type Outcome } from './call.js';

type Reply = grpc.sendUnaryData<Partial<Note>>;
type Unary = grpc.ServerUnaryCall<Note, Note>;
type Watch = grpc.ServerWritableStream<Note, Note>;
type Collect = grpc.ServerReadableStream<Note, Note>;
type Chat = grpc.ServerDuplexStream<Note, Note>;

const OTHER = serviceOf(join(import.meta.dirname, '../fixtures/other.proto'), 'kun.other.v1.Other');

function serviceOf(file: string, name: string): grpc.ServiceDefinition {
  const found = grpc.loadPackageDefinition(loadSync(file, { keepCase: true, defaults: true }));
  const client = name.split('.').reduce<unknown>((at, part) => Reflect.get(at as object, part), found);
  return (client as grpc.ServiceClientConstructor).service;
}

function metadata(name: string, ...values: grpc.MetadataValue[]): grpc.Metadata {
  const made = new grpc.Metadata();
  for (const value of values) made.add(name, value);
  return made;
}

/** What an implementation says of its call. */
function described(call: Unary | Watch | Collect | Chat): string {
  return JSON.stringify({
    cancelled: call.cancelled,
    path: call.getPath(),
    host: call.getHost().replace(/\d+$/, 'port'),
    peer: call.getPeer().replace(/\d+$/, 'port'),
    deadline: call.getDeadline() === Infinity ? 'none' : typeof call.getDeadline(),
    auth: call.getAuthContext(),
    text: call.metadata.get('x-text'),
    bytes: call.metadata.get('x-bytes-bin').map((value) => (value as Buffer).toString('hex')),
  });
}

const NOT_FOUND = { code: grpc.status.NOT_FOUND, details: 'no such note', metadata: metadata('x-end', 'e') };
const RAISED = Object.assign(new Error('gone'), {
  code: grpc.status.ABORTED,
  metadata: metadata('x-end', 'r'),
});

/** Each by what its caller asks for, in the text of the first message. */
const unaries: Record<string, (call: Unary, reply: Reply) => unknown> = {
  echo: ({ request }, reply) => reply(null, request),
  describe: (call, reply) => reply(null, { text: described(call), n: 1 }),
  later: async ({ request }, reply) => {
    await Promise.resolve();
    reply(null, request);
  },
  trailers: ({ request }, reply) => reply(null, request, metadata('x-end', 'e', 'f')),
  headers: (call, reply) => {
    call.sendMetadata(metadata('x-first-bin', Buffer.from([0, 255])));
    reply(null, call.request);
  },
  'a status': (_call, reply) => reply(NOT_FOUND),
  'a status and trailers': (_call, reply) =>
    reply({ code: grpc.status.NOT_FOUND, details: 'gone' }, null, metadata('x-more', 'm')),
  'an error with a code': (_call, reply) => reply(RAISED),
  'a code alone': (_call, reply) => reply({ code: grpc.status.DATA_LOSS, details: '' }),
};
const watches: Record<string, (call: Watch) => unknown> = {
  three: (call) => {
    for (let n = 1; n <= 3; n++) call.write({ text: call.request.text, n });
    call.end();
  },
  describe: (call) => {
    call.write({ text: described(call), n: 1 });
    call.end();
  },
  later: async (call) => {
    for (let n = 1; n <= 3; n++) await new Promise<void>((done) => call.write({ text: '', n }, () => done()));
    call.end(metadata('x-end', 'e'));
  },
  'a status in the middle': (call) => {
    call.write({ text: 'one', n: 1 }, () => call.emit('error', NOT_FOUND));
  },
  'an error with a code': (call) => void call.emit('error', RAISED),
  headers: (call) => {
    call.sendMetadata(metadata('x-first', 'a'));
    call.end();
  },
};
const collects: Record<string, (call: Collect, reply: Reply) => unknown> = {
  sum: (call, reply) => {
    let sum = 0;
    call.on('data', ({ n }: Note) => (sum += n));
    call.on('end', () => reply(null, { text: described(call), n: sum }, metadata('x-end', 'e')));
  },
  iterate: async (call, reply) => {
    const texts: string[] = [];
    for await (const { text } of call as AsyncIterable<Note>) texts.push(text);
    reply(null, { text: texts.join() });
  },
  'a status at once': (_call, reply) => reply(NOT_FOUND),
};
const chats: Record<string, (call: Chat) => unknown> = {
  echo: (call) => {
    call.on('data', (note: Note) => call.write(note));
    call.on('end', () => call.end(metadata('x-end', 'e')));
  },
  describe: (call) => {
    call.write({ text: described(call), n: 1 });
    call.end();
  },
  'a status': (call) => void call.emit('error', NOT_FOUND),
};

const asked = (call: { metadata: grpc.Metadata }): string => String(call.metadata.get('x-ask')[0]);

/** As generators write them: names in lower camel case, of a class whose methods need their `this`. */
@Injectable()
class KindsImplementation {
  readonly [name: string]: unknown;
  private readonly tables = { unaries, watches, collects, chats };

  unary(call: Unary, reply: Reply): unknown {
    return this.tables.unaries[asked(call)]?.(call, reply);
  }

  watch(call: Watch): unknown {
    return this.tables.watches[asked(call)]?.(call);
  }

  collect(call: Collect, reply: Reply): unknown {
    return this.tables.collects[asked(call)]?.(call, reply);
  }

  chat(call: Chat): unknown {
    return this.tables.chats[asked(call)]?.(call);
  }
}

const KINDS = serviceOf(join(import.meta.dirname, '../fixtures/kinds.proto'), 'kun.test.v1.Kinds');
const KINDS_SERVICE = { definition: KINDS, implementation: KindsImplementation };

function start(engine: string, services: readonly GrpcJsServices[], controllers = [] as never[]) {
  return startTestService(kindsModule({ controllers, providers: [KindsImplementation] }, { services }), {
    overrides: { GRPCServer: { Engine: engine, Reflection: true } },
  });
}

describe.each(['kun', 'grpc-js'] as const)(
  'a service that is written for grpc-js, on the engine %s',
  (engine) => {
    let kun: TestService;
    let plain: grpc.Server;
    let clients: readonly [plain: grpc.Client, kun: grpc.Client];
    beforeAll(async () => {
      kun = await start(engine, [
        KINDS_SERVICE,
        { definition: OTHER, implementation: { Ask: unaries['echo'] as grpc.handleUnaryCall<Note, Note> } },
      ]);
      plain = new grpc.Server();
      plain.addService(KINDS, new KindsImplementation() as grpc.UntypedServiceImplementation);
      const port = await new Promise<number>((resolve, reject) =>
        plain.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
          error ? reject(error) : resolve(bound),
        ),
      );
      clients = [clientOf(KINDS, `127.0.0.1:${port}`), clientOf(KINDS, kun.grpcAddress)];
    });
    afterAll(async () => {
      for (const client of clients) client.close();
      plain.forceShutdown();
      await kun.close();
    });

    /** What callers see of both. */
    async function both(method: string, ask: string, input: CallInput = {}): Promise<readonly object[]> {
      const given = { metadata: { 'x-ask': ask, 'x-text': 'value', 'x-bytes-bin': Buffer.from([1, 255]) } };
      return Promise.all(
        clients.map(async (client) => seen(await startCall(client, method, { ...given, ...input }).outcome)),
      );
    }

    const requests = [
      { text: 'a', n: 1 },
      { text: 'b', n: 2 },
    ];

    describe.each([
      ['Unary', unaries],
      ['Watch', watches],
      ['Collect', collects],
      ['Chat', chats],
    ])('%s', (method, table) => {
      it.each(Object.keys(table))('answers as on plain grpc-js: %s', async (ask) => {
        const [expected, actual] = await both(method, ask, { requests });
        expect(actual).toEqual(expected);
      });

      it('answers as on plain grpc-js: with a deadline', async () => {
        const [expected, actual] = await both(method, method === 'Collect' ? 'sum' : 'describe', {
          requests,
          timeoutMs: 20_000,
        });
        expect(actual).toEqual(expected);
      });
    });

    it.each([
      ['throws', () => raise(new Error('secret'))],
      ['rejects', () => Promise.reject(new Error('secret'))],
      ['throws what only looks like a status', () => raise(RAISED)],
      ['replies an error without a code', (_call: unknown, reply: Reply) => reply(new Error('secret'))],
      ['replies nothing', (_call: unknown, reply: Reply) => reply(null)],
    ])('hides what went wrong in one that %s, and logs it', async (_, body) => {
      unaries['wrong'] = body;
      collects['wrong'] = body;
      for (const method of ['Unary', 'Collect']) {
        const [, client] = clients;
        const outcome = await startCall(client, method, { requests, metadata: { 'x-ask': 'wrong' } }).outcome;
        expect(outcome.code).toBe(grpc.status.INTERNAL);
        expect(outcome.details).not.toMatch(/secret|gone/);
        await expect
          .poll(() => kun.logs.finishedCalls.at(-1))
          .toMatchObject({ 'grpc.method': method, 'grpc.code': 'Internal' });
      }
    });

    it('ends a stream that it destroys with the error, where plain grpc-js leaves the caller waiting', async () => {
      watches['destroy'] = (call) => void call.destroy(RAISED);
      const [, client] = clients;
      expect(await startCall(client, 'Watch', { metadata: { 'x-ask': 'destroy' } }).outcome).toMatchObject({
        code: grpc.status.ABORTED,
        details: 'gone',
      });
    });

    it('tells it of a caller that leaves: unary and stream', async () => {
      const [, client] = clients;
      for (const method of ['Unary', 'Chat'] as const) {
        const begun = deferred();
        const left = deferred<unknown>();
        const wait = (call: Unary | Chat): void => {
          call.on('cancelled', () => left.resolve(call.cancelled));
          begun.resolve();
        };
        unaries['wait'] = wait;
        chats['wait'] = wait;
        const call = startCall(client, method, { requests, open: true, metadata: { 'x-ask': 'wait' } });
        await begun.promise;
        call.cancel();
        expect(await left.promise).toBe(true);
        expect((await call.outcome).code).toBe(grpc.status.CANCELLED);
      }
      await expect.poll(() => kun.logs.finishedCalls.at(-1)).toMatchObject({ 'grpc.code': 'Canceled' });
    });

    it('runs in the chain: the call is the current one, has a request id, and is counted', async () => {
      unaries['chain'] = (call, reply) => {
        const text = `${currentCall()?.requestId} ${currentCall()?.method.kind}`;
        setImmediate(() => reply(null, { text, n: Number(currentCall()?.peer === call.getPeer()) }));
      };
      const [, client] = clients;
      const { messages } = await startCall(client, 'Unary', {
        metadata: { 'x-ask': 'chain', 'x-request-id': 'mine' },
      }).outcome;
      expect(messages).toEqual([{ text: 'mine unary', n: 1 }]);
      const counted = /^grpc_server_started_total\{.*grpc_method="Unary".*\} [1-9]/m;
      await expect.poll(() => kun.metrics()).toMatch(counted);
    });

    it('is listed beside those of the protos, for health and for reflection', async () => {
      const other = clientOf(OTHER, kun.grpcAddress);
      const asking = startCall(other, 'Ask', { requests: [{ text: 'x' }] }).outcome;
      expect(await asking).toMatchObject({ code: 0, messages: [{ text: 'x' }] });
      other.close();
      const health = clientOf(HEALTH, kun.grpcAddress);
      const check = startCall(health, 'Check', { requests: [{ service: 'kun.other.v1.Other' }] }).outcome;
      expect(await check).toMatchObject({ code: 0, messages: [{ status: 'SERVING' }] });
      health.close();
      const reflection = clientOf(REFLECTION, kun.grpcAddress);
      const list = await startCall(reflection, 'ServerReflectionInfo', { requests: [{ list_services: '' }] })
        .outcome;
      expect(JSON.stringify(list.messages)).toContain('kun.other.v1.Other');
      reflection.close();
    });

    it('is waited for by the drain, and ended within its limits', async () => {
      const service = await start(engine, [KINDS_SERVICE]);
      const client = clientOf(KINDS, service.grpcAddress);
      const begun = deferred();
      unaries['slow'] = (call, reply) => {
        begun.resolve();
        currentCall()!.draining.addEventListener('abort', () => reply(null, call.request));
      };
      const { outcome } = startCall(client, 'Unary', {
        requests: [{ text: 'slow', n: 1 }],
        metadata: { 'x-ask': 'slow' },
      });
      await begun.promise;
      await service.close();
      expect(await outcome).toMatchObject({ code: 0, messages: [{ text: 'slow', n: 1 }] });
      client.close();
    });

    it("may be health itself, in the place of kun's", async () => {
      const own = new HealthImplementation({ mine: 'NOT_SERVING' });
      const service = await start(engine, [KINDS_SERVICE, (server) => own.addToServer(server)]);
      const health = clientOf(HEALTH, service.grpcAddress);
      const check = (name: string) => startCall(health, 'Check', { requests: [{ service: name }] }).outcome;
      expect(await check('mine')).toMatchObject({ code: 0, messages: [{ status: 'NOT_SERVING' }] });
      expect(await check('')).toMatchObject({ code: grpc.status.NOT_FOUND });
      health.close();
      await service.close();
    });
  },
);

describe('the start', () => {
  it('refuses a service that handlers answer, too, and says where', async () => {
    @Controller()
    class Twice {
      @GrpcMethod('Kinds')
      unary(note: Note): Note {
        return note;
      }
    }
    const started = start('kun', [KINDS_SERVICE], [Twice as never]);
    await expect(started).rejects.toThrow(
      expect.objectContaining({ cause: expect.any(HandlerCoverageError) as unknown }) as Error,
    );
    await expect(started).rejects.toThrow(/\/kun\.test\.v1\.Kinds\/Unary \(Twice\.unary.*, and KunModule/);
  });

  it('refuses one without a provider', async () => {
    class Unprovided {}
    const services = [{ definition: KINDS, implementation: Unprovided }];
    const started = start('kun', services);
    await expect(started).rejects.toThrow(
      expect.objectContaining({ cause: expect.any(GrpcJsServiceError) as unknown }) as Error,
    );
    await expect(started).rejects.toThrow(/entry 1: Unprovided is not provided by any module/);
  });
});

const require = createRequire(import.meta.url);
const HEALTH = (require('grpc-health-check') as { service: grpc.ServiceDefinition }).service;
const REFLECTION = serviceOf(
  join(import.meta.dirname, '../fixtures/reflection.proto'),
  'grpc.reflection.v1.ServerReflection',
);

function clientOf(definition: grpc.ServiceDefinition, address: string): grpc.Client {
  const Constructor = grpc.makeGenericClientConstructor(definition, 'Client');
  return new Constructor(address, grpc.credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
}

function raise(error: Error): never {
  throw error;
}

/** Without what each server has of its own: order of arrival, dates, the address. */
function seen({ headers, trailers, ...rest }: Outcome): object {
  const own = (from: grpc.Metadata | undefined) =>
    Object.fromEntries(
      Object.entries(from?.toJSON() ?? {})
        .filter(([name]) => name.startsWith('x-') && name !== 'x-request-id')
        .map(([name, values]) => [name, values.map(String).join(', ')]),
    );
  // An answer of trailers alone has no other place for headers.
  const details = rest.code === grpc.status.OK ? '' : rest.details; // grpc-js says OK once more in words
  return { ...rest, details, metadata: { ...own(headers), ...own(trailers) } };
}
