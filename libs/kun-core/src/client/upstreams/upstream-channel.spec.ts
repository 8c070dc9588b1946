import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, status as Code } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { testAuthority, type TestAuthority } from '../../../test/certificate.js';
import { loadTestProtos, serveHandlers } from '../../../test/serve.js';
import { upstreamFactory } from '../../../test/upstream-factory.js';

const ends: Array<() => unknown> = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.splice(0).toReversed()) await end();
});
let authority: TestAuthority;
beforeAll(async () => {
  authority = await testAuthority();
});
const UPSTREAM = {
  options: { name: 'cache', service: 'T', package: 't.v1', path: 't.proto' },
  place: 'a.ts:1',
};

/** An upstream that encrypts, with a certificate for one name, and the file of who vouches for it. */
async function encrypted(name: string) {
  const directory = mkdtempSync(join(tmpdir(), 'kun-upstream-tls-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'ca.crt');
  writeFileSync(file, authority.certificate);
  const { certificate, privateKey } = await authority.issue(name, { sans: [{ type: 'dns', value: name }] });
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(privateKey) };
  const server = new Server();
  const service = loadTestProtos().services.get('t.v1.T');
  if (!service) throw new Error('no service');
  const Unary = (_call: unknown, answer: (error: null, message: object) => void) =>
    answer(null, { text: 'secret' });
  server.addService(service, { Unary });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  ends.push(() => server.forceShutdown());
  return { port, file };
}

describe('an upstream that encrypts', () => {
  it('is called by the name that its certificate has, and says that it is secure', async () => {
    const { port, file } = await encrypted('cache.internal');
    const conf = (name: string) =>
      `Upstreams: { cache: { Target: 'localhost:${port}', CallTimeout: 2, TLS: { CA: '${file}'${name} } } }`;
    const right = await upstreamFactory(ends, conf(', ServerName: cache.internal'));
    const { client } = right.factory.open(UPSTREAM);
    await expect(client['unary']?.({})).resolves.toMatchObject({ text: 'secret' });
    expect(right.upstreams.all).toMatchObject([{ secure: true }]);
    const wrong = await upstreamFactory(ends, conf(''));
    await expect(wrong.factory.open(UPSTREAM).client['unary']?.({})).rejects.toMatchObject({
      code: Code.UNAVAILABLE,
    });
  });

  it('follows its certificates while it is open, says what cannot be used, and lets go of them when it is closed', async () => {
    const { port, file } = await encrypted('localhost');
    const { factory, upstreams, lines } = await upstreamFactory(
      ends,
      `Upstreams: { cache: { Target: 'localhost:${port}', TLS: { CA: '${file}' } } }`,
    );
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    factory.open(UPSTREAM);
    writeFileSync(file, 'nothing of the kind');
    vi.advanceTimersByTime(2000);
    const refused = await lines.waitFor(({ level }) => level === 'warn');
    expect(refused).toMatchObject({ upstream: 'cache', err: { type: 'CertificateError' } });
    const watching = vi.getTimerCount();
    upstreams.close();
    expect(vi.getTimerCount()).toBe(watching - 1);
  });
});

describe('an upstream of several addresses', () => {
  it.each([
    ['round_robin', 2],
    ['pick_first', 1],
  ])('has its calls spread over them as it is told: %s', async (policy, reached) => {
    const services = await Promise.all([1, 2].map((n) => serveHandlers({ Unary: () => ({ n }) })));
    for (const service of services) ends.push(() => service.stop());
    const target = `ipv4:${services.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
    const { factory, upstreams } = await upstreamFactory(
      ends,
      `GRPCDial: { Block: true, LoadBalancing: ${policy} }\nUpstreams: { cache: { Target: '${target}' } }`,
    );
    const { client } = factory.open(UPSTREAM);
    await upstreams.connect();
    const called = async () => (await client['unary']?.({})) as { n: number };
    const seen = new Set<number>();
    await expect.poll(async () => seen.add((await called()).n).size, { interval: 5 }).toBe(reached);
    if (reached === 1) for (let n = 0; n < 5; n++) expect([...seen]).toContain((await called()).n);
  });
});

describe('an upstream behind a sidecar', () => {
  it('makes the service unready while that does not answer', async () => {
    const { factory, readiness } = await upstreamFactory(
      ends,
      "Upstreams: { cache: { Target: 'cache:80', WithProxyPort: 1 } }",
    );
    factory.open(UPSTREAM);
    expect(await readiness.report()).toMatchObject({ 'proxy-cache': { status: 'down' } });
  });
});
