import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { callerIdentity } from '@kun/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KindsHandlers } from '../kinds-controller.js';
import { sumOf } from '../metrics-text.js';
import { callKind, KINDS_METHODS, startLinked } from './linked-service.js';
import { testAuthority, type TestAuthority, type TestPair } from './test-authority.js';

let authority: TestAuthority;
let stranger: TestAuthority;
let directory: string;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([testAuthority('test authority'), testAuthority('stranger')]);
});
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'kun-e2e-tls-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** Puts files in place as a careful tool does: written beside, then renamed. Returns their paths. */
function put(name: string, { certificate, privateKey }: TestPair): { Cert: string; Key: string } {
  return { Key: place(`${name}.key`, privateKey), Cert: place(`${name}.crt`, certificate) };
}

function place(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return file;
}

/** Answers who called. */
const WHO: KindsHandlers = {
  unary: () => ({ text: callerIdentity()?.commonName }),
  async *watch() {
    yield { text: callerIdentity()?.commonName };
  },
  async collect(requests) {
    const text = callerIdentity()?.commonName;
    for await (const _ of requests) void 0;
    return { text };
  },
  async *chat(requests) {
    const text = callerIdentity()?.commonName;
    for await (const _ of requests) yield { text };
  },
};

describe('mutual TLS between two services', () => {
  it('tells the called one who calls, in all four kinds', async () => {
    const CA = place('ca.crt', authority.certificate);
    const server = put('server', await authority.issue('orders'));
    const client = put('client', await authority.issue('checkout'));
    await using last = await startLinked({
      handlers: WHO,
      config: { GRPCServer: { TLS: { ...server, ClientCA: CA } } },
    });
    await using first = await startLinked({
      next: last.grpcAddress,
      upstream: { TLS: { ...client, CA, ServerName: 'localhost' } },
    });
    for (const kind of KINDS_METHODS) {
      const { answers, error } = await callKind(first.next, kind);
      expect({ kind, error, answers }).toMatchObject({ error: undefined, answers: [{ text: 'checkout' }] });
    }
  });

  it('refuses a client without a certificate, and one of an authority that is not trusted', async () => {
    const CA = place('ca.crt', authority.certificate);
    const server = put('server', await authority.issue('orders'));
    await using last = await startLinked({
      handlers: WHO,
      config: { GRPCServer: { TLS: { ...server, ClientCA: CA } } },
    });
    const foreign = put('foreign', await stranger.issue('checkout'));
    for (const own of [{}, foreign]) {
      await using first = await startLinked({
        next: last.grpcAddress,
        upstream: { TLS: { ...own, CA, ServerName: 'localhost' }, Retry: { By: 'off' } },
      });
      const { error } = await callKind(first.next, 'unary', { timeoutMs: 2000 });
      expect(error).toMatchObject({ code: status.UNAVAILABLE });
    }
    await expect
      .poll(() => last.logs.where(({ msg }) => msg === 'refused a TLS connection').length)
      .toBeGreaterThanOrEqual(2);
    expect(last.logs.finishedCalls).toEqual([]);
  });

  it('refuses a server of an authority that is not trusted, or of another name', async () => {
    const CA = place('ca.crt', authority.certificate);
    for (const pair of [await stranger.issue('orders'), await authority.issue('orders', 'other.test')]) {
      await using last = await startLinked({
        handlers: WHO,
        config: { GRPCServer: { TLS: put('server', pair) } },
      });
      await using first = await startLinked({
        next: last.grpcAddress,
        upstream: { TLS: { CA, ServerName: 'localhost' }, Retry: { By: 'off' } },
      });
      const { error } = await callKind(first.next, 'unary', { timeoutMs: 2000 });
      expect(error).toMatchObject({ code: status.UNAVAILABLE });
    }
  });

  it('does not stand in the way of plain text where there is no section TLS', async () => {
    await using last = await startLinked({ handlers: WHO });
    await using first = await startLinked({ next: last.grpcAddress });
    expect(await first.next.unary({})).toMatchObject({ text: '' });
  });
});

describe('certificates swapped on disk under load', () => {
  it('cost no call, and new connections are made with the new ones on both sides', async () => {
    const CA = place('ca.crt', authority.certificate);
    const server = put('server', await authority.issue('orders-1'));
    const client = put('client', await authority.issue('checkout-1'));
    await using last = await startLinked({
      handlers: WHO,
      // Connections grow old soon, so that new ones are made all the time.
      config: { GRPCServer: { MaxConnectionAge: 0.3, TLS: { ...server, ClientCA: CA } } },
    });
    await using first = await startLinked({
      next: last.grpcAddress,
      upstream: { TLS: { ...client, CA, ServerName: 'localhost' }, Retry: { By: 'off' } },
    });

    const callers = new Map<string, number>();
    let stop = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!stop) {
        const { text } = await first.next.unary({});
        callers.set(text, (callers.get(text) ?? 0) + 1);
      }
    });
    await expect.poll(() => callers.get('checkout-1')).toBeGreaterThan(0);
    put('server', await authority.issue('orders-2'));
    put('client', await authority.issue('checkout-2'));

    const reloaded = ({ msg }: { readonly msg: string }) => msg === 'certificates reloaded';
    await Promise.all([last.logs.waitFor(reloaded), first.logs.waitFor(reloaded)]);
    await expect.poll(() => callers.get('checkout-2'), { timeout: 5000 }).toBeGreaterThan(0);
    const presented = await commonNameAt(last.grpcAddress, CA);
    stop = true;
    // Rejects with the first call that failed.
    await Promise.all(load);
    expect(presented).toBe('orders-2');
    expect([...callers.keys()].toSorted()).toEqual(['checkout-1', 'checkout-2']);
  });

  it('that cannot be used are reported, and the old ones stay', async () => {
    const CA = place('ca.crt', authority.certificate);
    const server = put('server', await authority.issue('orders-1'));
    await using last = await startLinked({ handlers: WHO, config: { GRPCServer: { TLS: server } } });
    place('server.crt', 'half a certifica');
    await last.logs.waitFor(({ msg }) => msg === 'changed certificates cannot be used; the old ones stay');
    expect(await commonNameAt(last.grpcAddress, CA)).toBe('orders-1');
  });
});

describe('a caller that agrees on no protocol (ALPN)', () => {
  const greeting = Buffer.from(
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00',
    'latin1',
  );

  it.each([
    ['is refused, told of, and counted', {}, { heard: 0, counted: 1 }],
    ['is served with RequireALPN off', { RequireALPN: false }, { heard: 1, counted: 0 }],
  ])('%s', async (_, more, expected) => {
    const server = put('server', await authority.issue('orders'));
    await using service = await startLinked({
      handlers: WHO,
      config: { GRPCServer: { TLS: { ...server, ...more } } },
    });
    const [host = '', port] = service.grpcAddress.split(':');
    const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false });
    socket.on('error', () => undefined).write(greeting);
    const heard = await new Promise<number>((resolve) => {
      socket.once('data', () => resolve(1));
      socket.once('close', () => resolve(0));
    });
    socket.destroy();
    const counted = sumOf(await service.metrics(), 'kun_connections_refused_total', { reason: 'alpn' });
    expect({ heard, counted }).toEqual(expected);
    const lines = service.logs.lines.filter(({ msg }) => msg === 'refused a TLS connection');
    expect(lines).toHaveLength(expected.counted);
    for (const line of lines) expect(JSON.stringify(line['err'])).toContain('RequireALPN');
  });
});

/** Whose certificate a new connection is shown. */
function commonNameAt(address: string, ca: string): Promise<string> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port: Number(port),
      ca,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
  });
}
