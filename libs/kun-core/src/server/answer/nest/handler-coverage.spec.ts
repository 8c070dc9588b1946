import {
  GrpcMethod,
  GrpcMethodStreamingType,
  GrpcStreamCall,
  type MessageHandler,
} from '@nestjs/microservices';
import { describe, expect, it } from 'vitest';
import { loadTestProtos } from '../../../../test/serve.js';
import { bindHandlers, HandlerCoverageError, handlerPlaces } from './handler-coverage.js';

const { NO_STREAMING, RX_STREAMING, PT_STREAMING } = GrpcMethodStreamingType;
const { services } = loadTestProtos();
const definition = services.get('t.v1.T');
if (!definition) throw new Error('no service');

const handler = (() => undefined) as unknown as MessageHandler;
const pattern = (rpc: string, streaming = NO_STREAMING, service = 'T') =>
  JSON.stringify({ service, rpc, streaming });
const ALL = ['Unary', 'Watch', 'Nothing']
  .map((rpc) => pattern(rpc))
  .concat(pattern('Collect', RX_STREAMING), pattern('Chat', PT_STREAMING));
const handlersOf = (...patterns: string[]) => new Map(patterns.map((each) => [each, handler]));
const without = (...left: string[]) => ALL.filter((each) => !left.includes(each));

/** Why the handlers do not match. */
function refused(patterns: string[], ...more: unknown[]): HandlerCoverageError {
  const [known = services, places, elsewhere] = more as [typeof services?, never?, ReadonlySet<string>?];
  try {
    bindHandlers(known, handlersOf(...patterns), places, elsewhere);
  } catch (error) {
    if (error instanceof HandlerCoverageError) return error;
    throw error;
  }
  throw new Error('they do');
}

describe('handlers that match', () => {
  it('are bound to their RPCs, with how they are called and what they answer', () => {
    const bound = bindHandlers(services, handlersOf(...ALL));
    const seen = Object.fromEntries(
      [...bound].map(([path, { style, emptyResponse, method }]) => [
        path,
        [method.kind, style, emptyResponse],
      ]),
    );
    expect(seen).toEqual({
      '/t.v1.T/Chat': ['bidi_streaming', 'call', false],
      '/t.v1.T/Collect': ['client_streaming', 'message', false],
      '/t.v1.T/Nothing': ['unary', 'message', true],
      '/t.v1.T/Unary': ['unary', 'message', false],
      '/t.v1.T/Watch': ['server_streaming', 'message', false],
    });
    const { codec } = bound.get('/t.v1.T/Unary') ?? {};
    const bytes = codec?.serializeResponse({ text: 'a', n: 1 }) ?? Buffer.alloc(0);
    expect(codec?.deserializeRequest(bytes)).toMatchObject({ text: 'a', n: 1 });
  });

  it('may name their service with its package, which counts before the short name', () => {
    const full = (() => 1) as unknown as MessageHandler;
    const handlers = handlersOf(...without(pattern('Unary'))).set(
      pattern('Unary', NO_STREAMING, 't.v1.T'),
      full,
    );
    expect(bindHandlers(services, handlers).get('/t.v1.T/Unary')?.handler).toBe(full);
  });

  it('leave alone those of other transports, and RPCs that somebody else serves', () => {
    const others = ['x', '{"cmd":"sum"}', 'null', '{"service":"T"}'];
    const bound = bindHandlers(
      services,
      handlersOf(...without(pattern('Unary')), ...others),
      undefined,
      new Set(['/t.v1.T/Unary']),
    );
    expect([bound.size, bound.has('/t.v1.T/Unary')]).toEqual([4, false]);
  });
});

describe('handlers that do not match are refused', () => {
  it('with every RPC that has none', () => {
    const error = refused(without(pattern('Unary'), pattern('Chat', PT_STREAMING)));
    expect(error.missing).toEqual(['/t.v1.T/Unary', '/t.v1.T/Chat']);
    expect(error.message).toMatch(/^RPCs without a handler: \/t\.v1\.T\/Unary, \/t\.v1\.T\/Chat\. Every RPC/);
    expect([error.surplus, error.twice, error.ambiguous]).toEqual([[], [], []]);
  });

  it.each([
    [pattern('Wach'), 'T.Wach (single request), did you mean T.Watch?'],
    [
      pattern('Unary', NO_STREAMING, 't.v1.TT'),
      /^t\.v1\.TT\.Unary \(single request\), did you mean t\.v1\.T\.Unary\?$/,
    ],
    [
      pattern('Unary', RX_STREAMING),
      'T.Unary (request stream), which takes a single request: use @GrpcMethod',
    ],
    [
      pattern('Collect'),
      'T.Collect (single request), which takes a request stream: use @GrpcStreamMethod or @GrpcStreamCall',
    ],
    [pattern('Delete'), 'T.Delete (single request)'],
    [
      pattern('Buy', NO_STREAMING, 'Shopping'),
      'Shopping.Buy (single request), expected one of the services t.v1.T',
    ],
  ])('with what one of no RPC is likely meant for: %s', (surplus, said) => {
    const { surplus: told, message } = refused([...ALL, surplus]);
    expect(told).toEqual([typeof said === 'string' ? said : expect.stringMatching(said)]);
    expect(message).toMatch(/^handlers without an RPC: /);
  });

  it('where a short name fits two services, and not where it has its package', () => {
    const unary = Object.values(definition).find(({ path }) => path.endsWith('/Unary'));
    const twin = { Other: { ...unary, path: '/u.v1.T/Unary' } } as unknown as typeof definition;
    const twins = new Map([...services, ['u.v1.T', twin]]);
    const error = refused(ALL, twins);
    expect(error.ambiguous).toEqual(['T.Unary (single request) for /t.v1.T/Unary and /u.v1.T/Unary']);
    expect(error.message).toContain('name it with its package');
    const named = [pattern('Unary', NO_STREAMING, 't.v1.T'), pattern('Unary', NO_STREAMING, 'u.v1.T')];
    expect(bindHandlers(twins, handlersOf(...without(pattern('Unary')), ...named)).size).toBe(6);
  });

  it('where a service written for grpc-js serves the RPC, too', () => {
    const elsewhere = new Set(['/t.v1.T/Unary']);
    expect(refused(ALL, services, undefined, elsewhere).twice).toEqual([
      '/t.v1.T/Unary (a handler of Nest, and KunModule.forRoot({ services }))',
    ]);
  });

  it('by the place where each is written', () => {
    class Shop {
      buy() {}
    }
    const place = new Map([[pattern('Buy'), { controller: Shop, method: 'buy' }]]);
    expect(refused([...ALL, pattern('Buy')], services, place).surplus[0]).toMatch(
      /^T\.Buy \(single request\) in Shop\.buy/,
    );
    const both = new Map([[pattern('Unary'), { controller: Shop, method: 'buy' }]]);
    expect(refused(ALL, services, both, new Set(['/t.v1.T/Unary'])).twice[0]).toMatch(
      /\(Shop\.buy.*, and KunModule/,
    );
  });
});

it('finds the source positions of handlers among the controllers, and skips everything else', () => {
  class Notes {
    @GrpcMethod('Notes', 'Put')
    put() {}
    @GrpcStreamCall('Notes', 'Chat')
    chat() {}
    help() {}
  }
  const modules = new Map([
    [
      'a',
      {
        controllers: new Map<unknown, unknown>([
          [Notes, { metatype: Notes }],
          ['b', { metatype: null }],
        ]),
      },
    ],
  ]);
  const places = handlerPlaces(modules as never);
  expect([...places]).toEqual([
    [pattern('Put', NO_STREAMING, 'Notes'), { controller: Notes, method: 'put' }],
    [pattern('Chat', PT_STREAMING, 'Notes'), { controller: Notes, method: 'chat' }],
  ]);
});
