import { connect, constants, createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Metadata, type MetadataValue } from '@grpc/grpc-js';
import { array, assert, asyncProperty, constantFrom, oneof, property, string, tuple } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  warnOfLeftOutMetadata,
  cleanMetadata,
  metadataSizeProblem,
  type LeftOutMetadata,
} from './outgoing-metadata.js';
import type { MetadataPlace } from './reserved-metadata.js';

const PLACES: readonly MetadataPlace[] = ['request', 'response headers', 'response trailers'];

/** As plain JavaScript, and other copies of grpc-js, can fill it. */
function unchecked(fields: Readonly<Record<string, readonly unknown[]>>): Metadata {
  const metadata = new Metadata();
  const map = (metadata as unknown as { internalRepr: Map<string, unknown> }).internalRepr;
  for (const [name, values] of Object.entries(fields)) map.set(name, values);
  return metadata;
}

function clean(metadata: Metadata, place: MetadataPlace = 'response headers') {
  const leftOut: LeftOutMetadata[] = [];
  const outgoing = cleanMetadata(metadata, place, (one) => leftOut.push(one));
  return { ...outgoing, leftOut };
}

describe('metadata on its way out', () => {
  it('is the same object when nothing is wrong with it', () => {
    const metadata = unchecked({
      'x-a': ['1', '2'],
      'x-b-bin': [Buffer.from('b')],
      'grpc-trace-bin': [Buffer.of(1)],
    });
    const { metadata: sent, leftOut, fields, bytes } = clean(metadata);
    expect(sent).toBe(metadata);
    expect(leftOut).toEqual([]);
    expect([fields, bytes]).toEqual([4, 2 * (3 + 1 + 32) + (7 + 4 + 32) + (14 + 4 + 32)]);
  });

  it('is not changed for its owner, and keeps its options', () => {
    const metadata = unchecked({ connection: ['close'], 'x-a': ['1'] });
    metadata.setOptions({ waitForReady: true });
    const { metadata: sent } = clean(metadata, 'request');
    expect(metadata.get('connection')).toEqual(['close']);
    expect(sent.toJSON()).toEqual({ 'x-a': ['1'] });
    expect(sent.getOptions()).toEqual({ waitForReady: true });
  });

  it.each<[string, string, readonly unknown[], readonly unknown[], LeftOutMetadata['reason'] | undefined]>([
    ['a control character', 'x', ['a\nb'], [], 'value'],
    ['text beyond ASCII', 'x', ['ü'], [], 'value'],
    ['one bad value of two', 'x', ['ü', 'ok'], ['ok'], undefined],
    ['spaces at the ends', 'x', [' a '], ['a'], undefined],
    ['a number', 'x', [7], ['7'], undefined],
    ['nothing', 'x', [undefined], [], 'value'],
    ['an object', 'x', [{}], [], 'value'],
    ['bytes under a name of text', 'x', [Buffer.from('a')], [], 'value'],
    ['text under a name of bytes', 'x-bin', ['a'], [], 'value'],
    ['bytes that are no Buffer', 'x-bin', [Uint8Array.of(1)], [Buffer.of(1)], undefined],
    ['two values where HTTP allows one', 'authorization', ['a', 'b'], ['a, b'], undefined],
    ['a name with a colon', 'a:b', ['1'], [], 'name'],
    ['a name with a space', 'a b', ['1'], [], 'name'],
    ['an empty name', '', ['1'], [], 'name'],
    ['a pseudo-header', ':path', ['/'], [], 'reserved'],
  ])('with %s', (_what, name, values, sent, reason) => {
    const { metadata, leftOut } = clean(unchecked({ [name]: values }));
    expect(metadata.get(name)).toEqual(sent);
    expect(leftOut).toEqual(reason ? [{ place: 'response headers', name, reason }] : []);
  });

  it('has a limit in bytes and in fields', () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x${n}`, ['']]));
    expect(metadataSizeProblem(clean(unchecked(many)))).toBe('are 101 fields, more than 100');
    expect(metadataSizeProblem(clean(unchecked({ x: ['y'.repeat(7135)] })))).toBeUndefined();
    expect(metadataSizeProblem(clean(unchecked({ x: ['y'.repeat(7136)] })))).toBe(
      'take 7169 bytes, more than 7168',
    );
  });
});

describe('over HTTP/2', () => {
  const server = createServer();
  let session: ReturnType<typeof connect>;
  let answer: { headers: Metadata; trailers: Metadata };
  beforeAll(async () => {
    server.on('stream', (stream) => {
      // As grpc-js does it, on the stream itself: what Node refuses here would end the process in a service.
      stream.respond({ ':status': 200, ...answer.headers.toHttp2Headers() }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(answer.trailers.toHttp2Headers()));
      stream.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(async () => {
    session.close();
    await new Promise((resolve) => server.close(resolve));
  });

  // Every name that Node knows, reserved or not, beside made-up ones.
  const known = Object.entries(constants).flatMap(([key, value]) =>
    key.startsWith('HTTP2_HEADER_') ? [String(value)] : [],
  );
  const name = oneof(
    constantFrom(...known),
    constantFrom('x', 'x-bin', 'a:b', 'grpc-status', '__proto__', ''),
  );
  const value = oneof(
    string({ maxLength: 8 }),
    constantFrom<unknown>('7', ' a ', 7, undefined, null, {}, Buffer.of(255)),
  );
  const metadata = array(tuple(name, array(value, { maxLength: 3 })), { maxLength: 8 }).map((fields) =>
    unchecked(Object.fromEntries(fields)),
  );

  it('is taken by Node and by the peer, whatever it was, in all three places', async () => {
    const ignore = () => {};
    await assert(
      asyncProperty(metadata, metadata, metadata, async (request, headers, trailers) => {
        answer = {
          headers: cleanMetadata(headers, 'response headers', ignore).metadata,
          trailers: cleanMetadata(trailers, 'response trailers', ignore).metadata,
        };
        const sent = cleanMetadata(request, 'request', ignore).metadata;
        const stream = session.request({ ':path': '/', ...sent.toHttp2Headers() });
        let received: IncomingHttpHeaders = {};
        stream.on('trailers', (fields: IncomingHttpHeaders) => (received = fields)).resume();
        await new Promise((resolve, reject) => stream.on('close', resolve).on('error', reject));
        expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
        for (const [key, values] of Object.entries(answer.trailers.toJSON())) {
          if (values.length > 0) expect(received).toHaveProperty([key]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is never counted smaller than it is', () => {
    assert(
      property(metadata, constantFrom(...PLACES), (given, place) => {
        const { metadata: sent, bytes } = clean(given, place);
        const values = Object.entries<MetadataValue[]>(sent.toJSON());
        expect(bytes).toBeGreaterThanOrEqual(
          values.reduce((sum, [key, list]) => sum + list.length * (key.length + 32), 0),
        );
      }),
    );
  });
});

describe('the warning', () => {
  it('comes once for each name, place and reason, and is bounded whatever the names', () => {
    const lines: string[] = [];
    const warn = warnOfLeftOutMetadata({
      warn: (fields, text) => lines.push(`${text} ${JSON.stringify(fields)}`),
    });
    for (let n = 0; n < 3; n++) warn({ place: 'response trailers', name: 'connection', reason: 'reserved' });
    expect(lines).toEqual([
      'left out metadata that belongs to HTTP/2 or gRPC {"metadata.name":"connection","metadata.place":"response trailers"}',
    ]);
    for (let n = 0; n < 1000; n++) warn({ place: 'request', name: `ü${n}`, reason: 'name' });
    expect(lines).toHaveLength(200);
  });
});
