import * as grpc from '@grpc/grpc-js';
import { KUN_SETTINGS, type ResolvedSettings } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AllKinds } from '../fixtures/all-kinds.js';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { startCall, type CallInput, type Outcome } from './call.js';

type Duplex = grpc.ServerDuplexStream<Note, Note>;
type Readable = grpc.ServerReadableStream<Note, Note>;
type Reply = grpc.sendUnaryData<Partial<Note>>;

/** What a handler says of its call, put into the answer. */
function described(call: Duplex | Readable | grpc.ServerUnaryCall<Note, Note>): string {
  return JSON.stringify({
    cancelled: call.cancelled,
    path: call.getPath(),
    host: call.getHost().replace(/\d+$/, 'port'),
    auth: call.getAuthContext(),
    peer: call.getPeer().replace(/\d+$/, 'port'),
    deadline: typeof call.getDeadline(),
    tenant: call.metadata.get('x-tenant'),
  });
}

function metadata(name: string, value: string): grpc.Metadata {
  const made = new grpc.Metadata();
  made.set(name, value);
  return made;
}

/** The handlers, by what the caller asks for in its first message; each runs on grpc-js and on kun. */
const chats: Record<string, (stream: Duplex) => void> = {
  describe: (stream) => {
    stream.write({ text: described(stream), n: 0 });
    stream.end();
  },
  'end with trailers': (stream) => {
    stream.write({ text: 'a', n: 1 });
    stream.end(metadata('x-end', 'kept'));
  },
  'end with trailers and no message': (stream) => stream.end(metadata('x-end', 'kept')),
  'send metadata first': (stream) => {
    stream.sendMetadata(metadata('x-first', 'kept'));
    stream.end();
  },
  'emit a status': (stream) =>
    void stream.emit('error', { code: grpc.status.NOT_FOUND, details: 'no such note' }),
  'emit a status with metadata': (stream) =>
    void stream.emit('error', {
      code: grpc.status.ABORTED,
      details: 'again',
      metadata: metadata('x-end', 'kept'),
    }),
};

const collects: Record<string, (stream: Readable, reply: Reply) => void> = {
  describe: (stream, reply) => reply(null, { text: described(stream) }),
  'reply with trailers': (_stream, reply) => reply(null, { text: 'a' }, metadata('x-end', 'kept')),
  'reply with flags': (_stream, reply) => reply(null, { text: 'a' }, undefined, 2),
  'reply a status': (_stream, reply) => reply({ code: grpc.status.NOT_FOUND, details: 'no such note' }),
  'reply a status with trailers': (_stream, reply) =>
    reply({ code: grpc.status.NOT_FOUND, details: 'no such note' }, null, metadata('x-end', 'kept')),
};

function chat(stream: Duplex): void {
  stream.once('data', ({ text }: Note) => chats[text]?.(stream));
}
function collect(stream: Readable, reply: Reply): void {
  stream.once('data', ({ text }: Note) => {
    stream.resume();
    collects[text]?.(stream, reply);
  });
}

@Controller()
class Surface extends AllKinds {
  @GrpcMethod('Kinds', 'Unary')
  override unary(_note?: Note, _metadata?: grpc.Metadata, call?: grpc.ServerUnaryCall<Note, Note>): object {
    call?.sendMetadata(metadata('x-first', 'kept'));
    return call ? { text: described(call) } : {};
  }

  @GrpcStreamCall('Kinds', 'Collect')
  override collect(stream?: Readable, reply?: Reply): object {
    if (stream && reply) collect(stream, reply);
    return {};
  }

  @GrpcStreamCall('Kinds', 'Chat')
  override chat(stream?: Duplex): object[] {
    if (stream) chat(stream);
    return [];
  }
}

describe.each(['grpc-js', 'kun'])(
  'what a handler gets, of plain grpc-js and of kun on the engine %s',
  (Engine) => {
    let kun: TestService;
    let plain: grpc.Server;
    let clients: { kun: grpc.Client; plain: grpc.Client };

    beforeAll(async () => {
      kun = await startTestService(kindsModule({ controllers: [Surface] }), {
        overrides: { GRPCServer: { Engine } },
      });
      const client = kun.grpcClient(KINDS);
      const definition = (client.constructor as unknown as { service: grpc.ServiceDefinition }).service;
      plain = new grpc.Server();
      plain.addService(definition, {
        Unary: (call: grpc.ServerUnaryCall<Note, Note>, reply: Reply) => {
          call.sendMetadata(metadata('x-first', 'kept'));
          reply(null, { text: described(call) });
        },
        Watch: () => {},
        Collect: collect,
        Chat: chat,
      });
      const port = await new Promise<number>((resolve, reject) =>
        plain.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
          error ? reject(error) : resolve(bound),
        ),
      );
      const Client = grpc.makeGenericClientConstructor(definition, 'Kinds');
      clients = {
        kun: client,
        plain: new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure()),
      };
    });
    afterAll(async () => {
      clients.plain.close();
      plain.forceShutdown();
      await kun.close();
    });

    /** The same of both, but for the request id that kun returns. */
    async function both(method: string, text: string): Promise<object[]> {
      const input: CallInput = { requests: [{ text }], metadata: { 'x-tenant': 'acme' }, timeoutMs: 20_000 };
      const outcomes = await Promise.all(
        [clients.plain, clients.kun].map((client) => startCall(client, method, input).outcome),
      );
      return outcomes.map(shown);
    }
    const shown = ({ code, details, messages, headers, trailers }: Outcome) => ({
      code,
      details: code === grpc.status.OK ? '' : details,
      messages,
      first: headers?.get('x-first') ?? [],
      end: trailers.get('x-end'),
    });

    it.each(Object.keys(chats))('@GrpcStreamCall, a stream: %s', async (text) => {
      const [expected, actual] = await both('Chat', text);
      expect(actual).toEqual(expected);
    });

    it.each(Object.keys(collects))('@GrpcStreamCall, a callback: %s', async (text) => {
      const [expected, actual] = await both('Collect', text);
      expect(actual).toEqual(expected);
    });

    it('runs on the engine', () => {
      expect(kun.app.get<ResolvedSettings>(KUN_SETTINGS).grpc.engine).toBe(Engine);
    });

    it('the third argument', async () => {
      const [expected, actual] = await both('Unary', 'x');
      expect(actual).toEqual(expected);
    });

    it.each(['plain', 'kun'] as const)('cancelled is a boolean, and an event: %s', async (which) => {
      const seen: unknown[] = [];
      const done = new Promise<void>((resolve) => {
        chats['wait'] = (stream) => {
          seen.push(stream.cancelled);
          stream.on('cancelled', (why: unknown) => {
            seen.push(stream.cancelled, why);
            resolve();
          });
          stream.write({ text: 'ready', n: 0 });
        };
      });
      const call = startCall(clients[which], 'Chat', { requests: [{ text: 'wait' }], open: true });
      await call.received(1);
      call.cancel();
      await done;
      expect(seen).toEqual([false, true, 'cancelled']);
      delete chats['wait'];
    });
  },
);
