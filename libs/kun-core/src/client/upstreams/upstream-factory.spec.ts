import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status as Code } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testAuthority } from '../../../test/certificate.js';
import { serveHandlers, type Handlers, type M } from '../../../test/serve.js';
import { upstreamFactory } from '../../../test/upstream-factory.js';
import { aborted, invalidArgument, unavailable } from '../../status/factories.js';
import type { Interceptor } from '../../rpc/interceptor.js';

const ends: Array<() => unknown> = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
const factoryOf = (...[conf, own]: [string, Interceptor[]?]) => upstreamFactory(ends, conf, own);

async function served(handlers: Handlers) {
  const service = await serveHandlers(handlers);
  ends.push(() => service.stop());
  return { ...service, target: `127.0.0.1:${service.port}` };
}

const registration = (changes: object = {}, place = 'a.ts:1') => ({
  options: { name: 'cache', service: 'T', package: 't.v1', path: 't.proto', ...changes },
  place,
});

describe('an upstream that is opened', () => {
  it('is called where the configuration says, or the registration where it does not', async () => {
    const [one, other] = [
      await served({ Unary: () => ({ n: 1 }) }),
      await served({ Unary: () => ({ n: 2 }) }),
    ];
    const said = await factoryOf(`Upstreams: { cache: { Target: '${one.target}' } }`);
    const { client, service } = said.factory.open(registration({ target: other.target }));
    expect(service).toBe('t.v1.T');
    await expect(client['unary']?.({})).resolves.toMatchObject({ n: 1 });
    const unsaid = await factoryOf('');
    await expect(
      unsaid.factory.open(registration({ target: other.target })).client['unary']?.({}),
    ).resolves.toMatchObject({ n: 2 });
    expect(said.upstreams.all).toMatchObject([
      { name: 'cache', target: one.target, secure: false, waitAtStart: false },
    ]);
  });

  it('is shared by equal registrations, and refused for different ones', async () => {
    const { factory, upstreams } = await factoryOf('');
    const first = factory.open(registration({ target: 'one:1' }));
    expect(factory.open(registration({ target: 'one:1' }, 'b.ts:2'))).toBe(first);
    expect(() => factory.open(registration({ target: 'two:2' }, 'c.ts:3'))).toThrow(
      /target: at a\.ts:1 and at c\.ts:3/,
    );
    expect(upstreams.names).toEqual(['cache']);
  });

  it('says its service, as far as the registration has it before it is opened', async () => {
    const { factory } = await factoryOf('');
    const bare = registration({ package: undefined, target: 'one:1' });
    expect([factory.serviceOf(registration()), factory.serviceOf(bare)]).toEqual(['t.v1.T', 'T']);
    factory.open(bare);
    expect(factory.serviceOf(bare)).toBe('t.v1.T');
  });

  it.each([
    ['an address', '', {}, /"cache".*Upstreams\.cache\.Target/],
    [
      'the method that is configured',
      'Upstreams: { cache: { Target: "a:1", Methods: { Unry: { CallTimeout: 1 } } } }',
      {},
      /Methods\.Unry.*Unary/,
    ],
    ['the service that is named', '', { service: 'U', target: 'a:1' }, /upstream "cache": .*U/],
    [
      'the options of its channel',
      '',
      { target: 'a:1', channelOptions: { 'grpc.max_rcv': 1 } },
      /grpc\.max_rcv/,
    ],
    [
      'its certificates',
      'Upstreams: { cache: { Target: "a:1", TLS: { CA: /nowhere/ca.crt } } }',
      {},
      /nowhere/,
    ],
  ])(
    'is refused where there is nothing of %s, and leaves nothing behind',
    async (_, conf, changes, message) => {
      const { factory, upstreams } = await factoryOf(conf);
      expect(() => factory.open(registration(changes))).toThrow(message);
      expect(upstreams.all).toEqual([]);
      // It is not remembered either.
      expect(() => factory.open(registration(changes, 'b.ts:2'))).toThrow(message);
    },
  );

  it('leaves no timer behind when its channel cannot be opened', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kun-upstream-'));
    ends.push(() => rmSync(directory, { recursive: true }));
    const ca = join(directory, 'ca.crt');
    writeFileSync(ca, (await testAuthority()).certificate);
    const { factory } = await factoryOf(`Upstreams: { cache: { Target: "a:1", TLS: { CA: ${ca} } } }`);
    const timer = vi.spyOn(globalThis, 'setInterval');
    ends.push(() => timer.mockRestore());
    const channelOptions = { 'grpc.max_rcv': 1 };
    expect(() => factory.open(registration({ channelOptions }))).toThrow(/grpc\.max_rcv/);
    expect(timer).not.toHaveBeenCalled();
  });

  it('is closed with the others, and its calls fail then', async () => {
    const { target } = await served({ Unary: () => ({}) });
    const { factory, upstreams } = await factoryOf('');
    const { client } = factory.open(registration({ target }));
    await client['unary']?.({});
    expect(upstreams.all[0]?.state()).toBe('ready');
    upstreams.close();
    expect(upstreams.all[0]?.state()).toBe('closed');
    await expect(client['unary']?.({})).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });

  it('is waited for at the start where it is to be, and no longer than it may take to connect', async () => {
    const { target } = await served({});
    const { factory, upstreams } = await factoryOf('GRPCDial: { Block: true, Timeout: 5 }');
    factory.open(registration({ target }));
    await upstreams.connect();
    expect(upstreams.all[0]?.state()).toBe('ready');
  });

  it('has its sidecar asked whether it answers, by the readiness', async () => {
    const { port } = await served({});
    const { factory, readiness } = await factoryOf(
      `Upstreams: { cache: { Target: 'cache:80', WithProxyPort: ${port} } }`,
    );
    factory.open(registration());
    expect(await readiness.report()).toMatchObject({ 'proxy-cache': { status: 'up' } });
  });
});

describe('the calls of an upstream', () => {
  it('go through the interceptors of its own, and are counted with their attempts', async () => {
    let tries = 0;
    const t = await served({
      Unary: () => {
        if (++tries < 3) throw unavailable('not yet');
        return { n: tries };
      },
    });
    const seen: string[] = [];
    const own: Interceptor = (next) => (call) => (seen.push(call.method.name), next(call));
    const { factory, metrics } = await factoryOf(
      'GRPCDial: { Retry: { InitialBackoff: 0.001, MaxBackoff: 0.001 } }',
      [own],
    );
    const { client } = factory.open(registration({ target: t.target }));
    expect(await metrics('kun_client_calls_total')).toContain(
      'upstream="cache",grpc_service="t.v1.T",grpc_method="Watch",grpc_code="OK"} 0',
    );
    await expect(client['unary']?.({})).resolves.toMatchObject({ n: 3 });
    expect(seen).toEqual(['Unary']);
    expect(await metrics('kun_client_calls_total')).toContain('grpc_method="Unary",grpc_code="OK"} 1');
    expect(await metrics('grpc_client_handled_total')).toMatch(
      /grpc_method="Unary",grpc_code="Unavailable"\} 2/,
    );
    expect(await metrics('kun_client_retries_total')).toContain('outcome="retry"} 2');
    expect(await metrics('kun_client_retry_tokens')).toMatch(/upstream="cache"\} \d/);
    expect(await metrics('grpc_client_started_total')).toMatch(/grpc_method="Watch"\} 0/);
    tries = -10;
    await expect(client['unary']?.({})).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(await metrics('kun_client_retries_total')).toContain('outcome="attempts"} 1');
  });

  it('follow the configuration as it changes: who tries again, and how long a call may take', async () => {
    let tries = 0;
    const t = await served({
      Unary: ({ text }: M) => {
        tries++;
        if (text === 'wait') return new Promise(() => {});
        throw unavailable('never');
      },
    });
    const conf = (by: string, seconds: number) =>
      `GRPCDial: { CallTimeout: ${seconds}, Retry: { By: ${by}, MaxAttempts: 2, InitialBackoff: 0.001, MaxBackoff: 0.001 } }`;
    const { factory, write } = await factoryOf(conf('app', 10));
    const { client } = factory.open(registration({ target: t.target }));
    await expect(client['unary']?.({})).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(tries).toBe(2);
    await write(conf('off', 10));
    await expect(client['unary']?.({})).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(tries).toBe(3);
    await write(conf('off', 0.05));
    await expect(client['unary']?.({ text: 'wait' })).rejects.toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    await write(conf('app', 10));
    await expect(client['unary']?.({})).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(tries).toBe(6);
  });

  it.each([
    ['pass', invalidArgument('bad'), Code.INVALID_ARGUMENT],
    ['mask', aborted('again'), Code.INTERNAL],
  ])('have errors that a handler may rethrow as the policy says: %s', async (policy, thrown, code) => {
    const t = await served({
      Unary: () => {
        throw thrown;
      },
    });
    const { factory } = await factoryOf(`GRPCDial: { Errors: ${policy} }`);
    const { client } = factory.open(registration({ target: t.target }));
    const rethrowing = await served({ Unary: () => client['unary']?.({}) });
    const outer = (await factoryOf('GRPCDial: { Errors: pass }')).factory.open(
      registration({ target: rethrowing.target }),
    );
    await expect(outer.client['unary']?.({})).rejects.toMatchObject({ code });
  });
});
