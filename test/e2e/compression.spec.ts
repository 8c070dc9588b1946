import { connect } from 'node:http2';
import { gunzipSync, inflateSync } from 'node:zlib';
import * as grpc from '@grpc/grpc-js';
import { compressResponse, currentCall } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { from, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call } from './call.js';

const LONG = 'a long text, over and over; '.repeat(200);
const ENCODING_REQUEST = 'grpc-internal-encoding-request';

/** Does what its caller asks for, and answers with a text that is worth compressing. */
@Controller()
class CompressingController {
  @GrpcMethod('Kinds')
  unary({ text }: Note): Partial<Note> {
    if (text === 'short') return { text };
    if (text.startsWith('say ')) compressResponse(text.slice(4) as 'gzip');
    if (text.startsWith('ask ')) currentCall()?.responseMetadata.set(ENCODING_REQUEST, text.slice(4));
    return { text: LONG };
  }

  @GrpcMethod('Kinds')
  watch({ n }: Note): Observable<Partial<Note>> {
    return from(Array.from({ length: n }, (_, seq) => ({ text: seq % 2 === 0 ? LONG : 'short', n: seq })));
  }

  @GrpcStreamMethod('Kinds')
  collect(): Partial<Note> {
    return { text: LONG };
  }

  @GrpcStreamMethod('Kinds')
  chat(notes: Observable<Note>): Observable<Note> {
    return notes;
  }
}

function start(GRPCServer: object, channelOptions = {}): Promise<TestService> {
  return startTestService(kindsModule({ controllers: [CompressingController] }, { channelOptions }), {
    overrides: { GRPCServer },
  });
}

/** One unary call, as its bytes came back. */
async function bytesOf(service: TestService, text: string, accepts: string | undefined) {
  const session = connect(`http://${service.grpcAddress}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${KINDS}/Unary`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(accepts !== undefined && { 'grpc-accept-encoding': accepts }),
  });
  const note = Buffer.concat([Buffer.of(10, text.length), Buffer.from(text)]);
  stream.end(Buffer.concat([Buffer.of(0, 0, 0, 0, note.length), note]));
  let encoding: unknown;
  stream.on('response', (headers) => (encoding = headers['grpc-encoding']));
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  session.destroy();
  const all = Buffer.concat(chunks);
  const [flag, body] = [all[0], all.subarray(5)];
  const inflate = encoding === 'gzip' ? gunzipSync : inflateSync;
  const plain = flag === 1 ? inflate(body) : body;
  return { encoding, flag, bytes: body.length, whole: plain.includes(text === 'short' ? text : LONG) };
}

describe('answers on the engine kun', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await start({ Engine: 'kun', DefaultCompressionAlgorithm: 'gzip' });
  });
  afterAll(() => service.close());

  it.each([
    ['with what all are', 'x', 'identity,deflate,gzip', 'gzip', 1],
    ['with what the handler says', 'say deflate', 'identity,deflate,gzip', 'deflate', 1],
    ["with what it asks for in the way of gRPC's C core", 'ask deflate', 'deflate,gzip', 'deflate', 1],
    ['not where the handler says so', 'say identity', 'identity,deflate,gzip', undefined, 0],
    ['not where it asks for that', 'ask identity', 'gzip', undefined, 0],
    ['not for a caller that does not accept it', 'x', 'identity,deflate', undefined, 0],
    ['not for one that accepts nothing', 'x', undefined, undefined, 0],
    ['not where the message is small', 'short', 'gzip', 'gzip', 0],
  ])('are compressed %s', async (_, text, accepts, encoding, flag) => {
    const answer = await bytesOf(service, text, accepts);
    expect(answer).toMatchObject({ encoding, flag, whole: true });
    if (flag === 1) expect(answer.bytes).toBeLessThan(LONG.length / 10);
  });

  it('are read by grpc-js, of every kind, in their order', async () => {
    const client = service.grpcClient(KINDS);
    const many = await call(client, 'Watch', { requests: [{ n: 50 }] });
    expect(many.code).toBe(grpc.status.OK);
    expect(many.messages.map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (__, n) => n));
    for (const [method, count] of [
      ['Unary', 1],
      ['Collect', 1],
      ['Chat', 2],
    ] as const) {
      const notes = [{ text: LONG }, { text: LONG }];
      const { messages } = await call(client, method, { requests: notes });
      expect(messages.map(({ text }) => text)).toEqual(Array.from({ length: count }, () => LONG));
    }
  });

  it.each(['say br', 'say '])('are refused by a mistake in the algorithm: %s', async (text) => {
    const outcome = await call(service.grpcClient(KINDS), 'Unary', { requests: [{ text }] });
    expect(outcome.code).toBe(grpc.status.INTERNAL);
    await expect
      .poll(() => JSON.stringify(service.logs.finishedCalls.at(-1)))
      .toContain('choose from identity, deflate, gzip');
  });
});

describe('a channel option', () => {
  it.each([
    [grpc.compressionAlgorithms.gzip, 'gzip'],
    [grpc.compressionAlgorithms.deflate, 'deflate'],
    [grpc.compressionAlgorithms.identity, undefined],
  ])('of grpc-js, grpc.default_compression_algorithm: %s, goes before the key', async (value, encoding) => {
    const service = await start(
      { Engine: 'kun', DefaultCompressionAlgorithm: 'gzip' },
      { 'grpc.default_compression_algorithm': value },
    );
    expect(await bytesOf(service, 'x', 'deflate,gzip')).toMatchObject({ encoding, whole: true });
    await service.close();
  });

  it('of another value is refused', async () => {
    const started = start({ Engine: 'kun' }, { 'grpc.default_compression_algorithm': 3 });
    await expect(started).rejects.toThrow(/grpc\.default_compression_algorithm is not one of .*2 \(gzip\)/);
  });
});

describe('the engine grpc-js', () => {
  it('refuses the key, the channel option and a handler that compresses, each with the remedy', async () => {
    const key = start({ Engine: 'grpc-js', DefaultCompressionAlgorithm: 'gzip' });
    await expect(key).rejects.toThrow(/DefaultCompressionAlgorithm.*set GRPCServer\.Engine to kun/s);
    const option = start({ Engine: 'grpc-js' }, { 'grpc.default_compression_algorithm': 2 });
    await expect(option).rejects.toThrow(/does not read the channel option .*set GRPCServer\.Engine to kun/);
    const service = await start({ Engine: 'grpc-js' });
    const client = service.grpcClient(KINDS);
    const said = await call(client, 'Unary', { requests: [{ text: 'say gzip' }] });
    expect(said.code).toBe(grpc.status.INTERNAL);
    const asked = await call(client, 'Unary', { requests: [{ text: 'ask gzip' }] });
    expect(asked.messages).toMatchObject([{ text: LONG }]);
    const lines = JSON.stringify(service.logs.lines);
    expect(lines).toContain('set GRPCServer.Engine to kun');
    expect(lines).toContain('left out metadata that belongs to HTTP/2 or gRPC');
    await service.close();
  });
});
