import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { Interceptor } from '../../rpc/interceptor.js';
import { currentCall } from '../../rpc/current-call.js';
import { notFound } from '../../status/factories.js';
import { errorInfo } from '../../status/details/details.js';
import { serveHandlers, type Handlers, type M } from '../../../test/serve.js';
import { reservedMetadata } from '../../transport/reserved-metadata.js';

let service: Awaited<ReturnType<typeof serveHandlers>>;
afterEach(() => service.stop());

const KINDS = ['Unary', 'Watch', 'Collect', 'Chat'] as const;

interface Answer {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly string[];
  readonly headers: grpc.Metadata | undefined;
  readonly trailers: grpc.Metadata;
}

/** A deadline, since what is tested here once hung until it. */
function ask(kind: (typeof KINDS)[number], client: grpc.Client = service.connect()): Promise<Answer> {
  const method = (client as unknown as Record<string, (...args: unknown[]) => unknown>)[kind];
  const streamed = kind === 'Watch' || kind === 'Chat';
  const messages: string[] = [];
  const args = kind === 'Unary' || kind === 'Watch' ? [{}] : [];
  const options = { deadline: Date.now() + 20_000 };
  const onSingle = (_error: unknown, message?: M) => message && messages.push(message.text);
  const call = method?.call(client, ...args, new grpc.Metadata(), options, ...(streamed ? [] : [onSingle]));
  const stream = call as grpc.ClientDuplexStream<Partial<M>, M>;
  let headers: grpc.Metadata | undefined;
  stream.on('metadata', (received: grpc.Metadata) => (headers = received)).on('error', () => {});
  if (streamed) stream.on('data', (message: M) => messages.push(message.text));
  if (args.length === 0) {
    stream.write({ text: 'in' });
    stream.end();
  }
  return new Promise((resolve) =>
    stream.on('status', ({ code, details, metadata }: grpc.StatusObject) =>
      setImmediate(() => resolve({ code, details, messages, headers, trailers: metadata })),
    ),
  );
}

/** Handlers of all kinds that do the same; the streams say one message first. */
function everywhere(act: () => void): Handlers {
  const once = async () => {
    act();
    return { text: 'out' };
  };
  async function* stream() {
    act();
    yield { text: 'out' };
  }
  async function* later() {
    yield { text: 'out' };
    act();
  }
  return { Unary: once, Watch: stream, Collect: once, Chat: later };
}

function filled(names: readonly string[]): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const name of names) metadata.set(name, name.endsWith('-bin') ? Buffer.of(7) : '7');
  metadata.set('x-mine', 'kept');
  return metadata;
}

describe.each(KINDS)('%s, with reserved metadata', (kind) => {
  it.each(reservedMetadata('response trailers').filter((name) => name !== 'grpc-status-details-bin'))(
    'in trailers: %s',
    async (name) => {
      service = await serveHandlers(everywhere(() => currentCall()?.responseTrailers.merge(filled([name]))));
      const answer = await ask(kind);
      expect(answer).toMatchObject({ code: grpc.status.OK, messages: ['out'] });
      expect(answer.trailers.toJSON()).toEqual({ 'x-mine': ['kept'] });
      expect(service.leftOut).toEqual([{ name, place: 'response trailers', reason: 'reserved' }]);
    },
  );

  it.each(reservedMetadata('response headers'))('in headers: %s', async (name) => {
    const before: Interceptor = (next) => (call) => {
      call.responseMetadata.merge(filled([name]));
      return next(call);
    };
    service = await serveHandlers(
      everywhere(() => {}),
      [before],
    );
    const answer = await ask(kind);
    expect(answer).toMatchObject({ code: grpc.status.OK, messages: ['out'] });
    expect(answer.headers?.get('x-mine')).toEqual(['kept']);
    expect(service.leftOut).toEqual([{ name, place: 'response headers', reason: 'reserved' }]);
  });

  it.each(reservedMetadata('response trailers'))('of an error: %s', async (name) => {
    service = await serveHandlers(
      everywhere(() => {
        throw notFound('not here', { metadata: filled([name]) });
      }),
    );
    const answer = await ask(kind);
    expect(answer).toMatchObject({ code: grpc.status.NOT_FOUND, details: 'not here' });
    expect(answer.trailers.get('x-mine')).toEqual(['kept']);
    expect(service.leftOut).toEqual([{ name, place: 'response trailers', reason: 'reserved' }]);
  });

  it.each(['responseMetadata', 'responseTrailers'] as const)(
    '200 KB of %s: a status says so',
    async (place) => {
      const before: Interceptor = (next) => (call) => {
        call[place].set('x-large', 'y'.repeat(200_000));
        return next(call);
      };
      service = await serveHandlers(
        everywhere(() => {}),
        [before],
      );
      const answer = await ask(kind);
      expect(answer).toMatchObject({
        code: grpc.status.RESOURCE_EXHAUSTED,
        details: expect.stringMatching(
          /^the response (headers|trailers) of \/t\.v1\.T\/\w+ take 2000\d\d bytes, more than 7168$/,
        ) as string,
      });
      await expect
        .poll(() => service.endings.map(({ ending }) => ending.code))
        .toEqual([grpc.status.RESOURCE_EXHAUSTED]);
      expect(service.lateErrors).toEqual([]);
      await service.server.openCalls.whenIdle();
    },
  );
});

it("takes all headers of an HTTP server's answer", async () => {
  const http = new Headers({
    connection: 'keep-alive',
    'content-encoding': 'gzip',
    'content-length': '17',
    'content-type': 'application/json; charset=utf-8',
    date: 'Tue, 27 Jan 2026 10:00:00 GMT',
    etag: 'W/"1"',
    'keep-alive': 'timeout=5',
    'set-cookie': 'a=b',
    'transfer-encoding': 'chunked',
    upgrade: 'h2c',
    vary: 'accept, origin',
    'x-total': '3',
  });
  service = await serveHandlers(
    everywhere(() => {
      const call = currentCall();
      for (const [name, value] of http) {
        call?.responseMetadata.add(name, value);
        call?.responseTrailers.add(name, value);
        call?.responseTrailers.add(name, value);
      }
    }),
  );
  for (const kind of KINDS) {
    const answer = await ask(kind);
    expect(answer).toMatchObject({ code: grpc.status.OK, messages: ['out'] });
    expect(answer.trailers.get('x-total')).toEqual(['3, 3']);
  }
});

it("sends kun's details once, whatever the handler's metadata says", async () => {
  service = await serveHandlers({
    Unary: () => {
      currentCall()?.responseTrailers.set('grpc-status-details-bin', Buffer.of(1));
      throw notFound('no', {
        metadata: filled(['grpc-status-details-bin']),
        details: [errorInfo({ reason: 'R' })],
      });
    },
  });
  const { trailers } = await ask('Unary');
  expect(trailers.get('grpc-status-details-bin')).toHaveLength(1);
  expect(trailers.get('grpc-status-details-bin')[0]?.length).toBeGreaterThan(1);
});

it.each(['sendHeaders', 'sendMessage', 'sendStatus'] as const)(
  'a transport that refuses in %s ends the call with a status, and nothing else',
  async (step) => {
    const refusing: Interceptor = (next) => (call) => {
      const { wire } = call as unknown as { wire: Record<string, unknown> };
      wire[step] = () => {
        throw new TypeError('refused');
      };
      return next(call);
    };
    service = await serveHandlers(
      everywhere(() => {}),
      [refusing],
    );
    for (const kind of KINDS) expect(await ask(kind)).toMatchObject({ code: grpc.status.INTERNAL });
    await expect.poll(() => service.endings.length).toBe(4);
    for (const { ending } of service.endings) {
      expect(ending).toMatchObject({ code: grpc.status.INTERNAL, message: 'the answer could not be sent' });
      expect(ending.error?.cause).toMatchObject({ message: 'refused' });
    }
    await service.server.openCalls.whenIdle();
  },
);
