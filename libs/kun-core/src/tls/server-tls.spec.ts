import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerHttp2Stream } from 'node:http2';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  Metadata,
  Server,
  ServerCredentials,
  credentials,
  status as Code,
  type ServerUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../testing/deferred.js';
import { testAuthority, type TestAuthority, type TestPair } from '../../test/certificate.js';
import { CertificateStore } from './certificate-store.js';
import { TlsChannelCredentials } from './tls-channel-credentials.js';
import { PeerIdentities, describePeer, type PeerIdentity } from './peer-identity.js';
import { AlpnError, TlsTermination, type ServerTlsOptions } from './server-tls.js';

const bytes = (value: Buffer) => value;
let directory: string;
let authority: TestAuthority;
let stranger: TestAuthority;
let cleanUp: Array<() => unknown> = [];

beforeAll(async () => {
  [authority, stranger] = await Promise.all([testAuthority(), testAuthority('stranger')]);
});
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'kun-tls-'))));
afterEach(async () => {
  for (const clean of cleanUp.toReversed()) await clean();
  cleanUp = [];
  rmSync(directory, { recursive: true });
});

/** Puts certificates in place as a careful tool does: written beside, then renamed. */
function put(name: string, pair: TestPair | undefined, ca: TestAuthority | undefined): CertificateStore {
  const at = (kind: string) => join(directory, `${name}.${kind}`);
  const place = (file: string, text: string) => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  if (pair) {
    place(at('crt'), pair.certificate);
    place(at('key'), pair.privateKey);
  }
  if (ca) place(at('ca'), ca.certificate);
  return new CertificateStore({
    files: {
      ...(pair ? { certificateFile: at('crt'), privateKeyFile: at('key') } : {}),
      ...(ca ? { authorityFile: at('ca') } : {}),
    },
  });
}

/** A server that ends TLS in front of the injector, as kun's listener does; it answers with what it knows of its caller. */
async function serve(options: ServerTlsOptions) {
  const identities = new PeerIdentities();
  const byStream: Array<PeerIdentity | undefined> = [];
  const owner = Symbol('owner');
  const sockets = new Set<Socket>();
  const owned: boolean[] = [];
  const server = new Server();
  server.addService(
    {
      Who: {
        path: '/t.v1.T/Who',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Who: (call: ServerUnaryCall<Buffer, Buffer>, done: (error: null, value: Buffer) => void) => {
        const shown = call.getAuthContext().sslPeerCertificate;
        done(null, Buffer.from(shown ? describePeer(shown.raw).subject : 'nobody'));
      },
    },
  );
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const termination = new TlsTermination(options, (socket) => {
    Object.defineProperty(socket, owner, { value: true });
    injector.injectConnection(socket);
  });
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    termination.accept(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const onStream = (message: unknown) => {
    const socket = (message as { stream: ServerHttp2Stream }).stream.session?.socket as
      (Socket & { [key: symbol]: unknown }) | undefined;
    owned.push(socket?.[owner] === true);
    byStream.push(identities.of(socket));
  };
  subscribe('http2.server.stream.created', onStream);
  cleanUp.push(() => {
    unsubscribe('http2.server.stream.created', onStream);
    listener.close();
    termination.close();
    injector.destroy();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = listener.address() as AddressInfo;
  return { port, termination, sockets, owned, byStream };
}

function clientTo(port: number, certificates?: CertificateStore): Client {
  const client = new Client(
    `localhost:${port}`,
    certificates ? new TlsChannelCredentials(certificates) : credentials.createInsecure(),
    { 'grpc.use_local_subchannel_pool': 1 },
  );
  cleanUp.push(() => client.close());
  return client;
}

/** Asks who calls; gives the answer and the name in the server's certificate, which is new for each connection. */
function who(
  client: Client,
): Promise<{ code: number; details: string; answer: string | undefined; server: string | undefined }> {
  return new Promise((resolve) => {
    const onEnd = (error: ServiceError | null, value?: Buffer) => {
      const shown = call.getAuthContext()?.sslPeerCertificate;
      resolve({
        code: error?.code ?? Code.OK,
        details: error?.details ?? '',
        answer: value?.toString(),
        server: shown?.subject.CN as string | undefined,
      });
    };
    const call = client.makeUnaryRequest(
      '/t.v1.T/Who',
      bytes,
      bytes,
      Buffer.alloc(0),
      new Metadata(),
      { deadline: Date.now() + 5_000 },
      onEnd,
    );
  });
}

describe('TLS', () => {
  it("encrypts, and leaves the listener's own socket to be found from the stream", async () => {
    const server = await serve({ certificates: put('server', await authority.issue('one'), undefined) });
    const client = clientTo(server.port, put('client', undefined, authority));
    expect(await who(client)).toMatchObject({ code: Code.OK, answer: 'nobody', server: 'one' });
    expect(server.owned).toEqual([true]);
    expect(server.byStream).toEqual([undefined]);
  });

  it('refuses plain text, and a client refuses a certificate of another authority', async () => {
    const server = await serve({ certificates: put('server', await authority.issue('one'), undefined) });
    expect(await who(clientTo(server.port))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(await who(clientTo(server.port, put('client', undefined, stranger)))).toMatchObject({
      code: Code.UNAVAILABLE,
      details: expect.stringMatching(/certificate/),
    });
  });

  it('needs a certificate, and authorities where callers must show theirs', async () => {
    const none = () => undefined;
    expect(() => new TlsTermination({ certificates: put('a', undefined, authority) }, none)).toThrow(
      /a TLS server needs a certificate/,
    );
    const certificates = put('b', await authority.issue('one'), undefined);
    expect(() => new TlsTermination({ certificates, clientCertificates: 'required' }, none)).toThrow(
      /no file of the authorities/,
    );
  });

  it.each([
    ['is refused', {}, [AlpnError]],
    ['is taken where that is allowed', { requireAlpn: false }, []],
  ])('that agrees on no protocol %s', async (_, options, expected) => {
    const refused: Error[] = [];
    const server = await serve({
      certificates: put('server', await authority.issue('one'), undefined),
      onRefused: (error) => refused.push(error),
      ...options,
    });
    const socket = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    // The server's SETTINGS, or the end.
    const ended = new Promise((resolve) => socket.once('close', resolve).once('data', resolve));
    await ended;
    socket.destroy();
    expect(refused.map(({ constructor }) => constructor)).toEqual(expected);
    for (const { message } of refused) expect(message).toContain('GRPCServer.TLS.RequireALPN');
  });

  it('that agrees on another protocol is refused', async () => {
    const refused = deferred<Error>();
    const { port } = await serve({
      certificates: put('server', await authority.issue('one'), undefined),
      onRefused: (error) => refused.resolve(error),
    });
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] };
    const socket = connectTls(options).on('error', () => {});
    expect((await refused.promise).message).toMatch(/alpn|application protocol/i);
    socket.destroy();
  });

  it('cuts a connection that finishes its handshake after the close', async () => {
    const server = await serve({ certificates: put('server', await authority.issue('one'), undefined) });
    server.termination.close();
    expect(await who(clientTo(server.port, put('client', undefined, authority)))).toMatchObject({
      code: Code.UNAVAILABLE,
    });
  });
});

describe('mutual TLS', () => {
  it('lets in who shows a certificate, and says who it is', async () => {
    const server = await serve({
      certificates: put('server', await authority.issue('one'), authority),
      clientCertificates: 'required',
    });
    const sans = [
      { type: 'dns', value: 'orders.shop' },
      { type: 'url', value: 'spiffe://acme/ns/shop/sa/orders' },
      { type: 'ip', value: '10.0.0.1' },
    ] as const;
    const pair = await authority.issue('orders', { sans: [...sans] });
    const client = clientTo(server.port, put('client', pair, authority));
    expect(await who(client)).toMatchObject({ code: Code.OK, answer: 'CN=orders' });
    await who(client);
    expect(server.byStream[0]).toMatchObject({
      subject: 'CN=orders',
      commonName: 'orders',
      dnsNames: ['orders.shop'],
      uris: ['spiffe://acme/ns/shop/sa/orders'],
      ipAddresses: ['10.0.0.1'],
      fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
    expect(server.byStream[1]).toBe(server.byStream[0]); // read once a connection
  });

  it.each([
    ['without a certificate', async () => put('client', undefined, authority)],
    ["with a stranger's", async () => put('client', await stranger.issue('orders'), authority)],
  ])('refuses a client %s, and reports it', async (_name, certificates) => {
    const refused = deferred<string>();
    const server = await serve({
      certificates: put('server', await authority.issue('one'), authority),
      clientCertificates: 'required',
      onRefused: (error) => refused.resolve(error.message),
    });
    expect(await who(clientTo(server.port, await certificates()))).toMatchObject({ code: Code.UNAVAILABLE });
    expect(await refused.promise).toMatch(/certificate|verify/i);
    expect(server.owned).toEqual([]);
  });

  it('may be optional: a caller without one is anonymous', async () => {
    const server = await serve({
      certificates: put('server', await authority.issue('one'), authority),
      clientCertificates: 'optional',
    });
    const answers = [
      put('a', undefined, authority),
      put('b', await authority.issue('orders'), authority),
      put('c', await stranger.issue('orders'), authority),
    ];
    const seen = await Promise.all(
      answers.map(async (store) => (await who(clientTo(server.port, store))).answer),
    );
    expect(seen).toEqual(['nobody', 'CN=orders', 'nobody']);
  });
});

it('swaps certificates of both sides under load: no call fails, new connections use the new ones', async () => {
  const [one, two, alice, bob] = await Promise.all(
    ['one', 'two', 'alice', 'bob'].map((name) => authority.issue(name)),
  );
  const serverStore = put('server', one, authority);
  const clientStore = put('client', alice, authority);
  const server = await serve({ certificates: serverStore, clientCertificates: 'required' });
  const lasting = clientTo(server.port, clientStore);
  let running = true;
  const seen = new Set<string>();
  const failed: string[] = [];
  const newPair = deferred();
  const note = async (client: Client, kind: string) => {
    const { code, details, answer, server: shown } = await who(client);
    if (code !== Code.OK) failed.push(details);
    seen.add(`${kind}: ${answer} at ${shown}`);
    if (kind === 'new' && answer === 'CN=bob' && shown === 'two') newPair.resolve();
  };
  const loads = [
    async () => {
      while (running) await note(lasting, 'lasting');
    },
    ...Array.from({ length: 3 }, () => async () => {
      while (running) {
        const client = clientTo(server.port, clientStore);
        await note(client, 'new');
        client.close();
      }
    }),
  ].map((load) => load());
  await note(clientTo(server.port, clientStore), 'new');

  put('server', two, authority);
  put('client', bob, authority);
  for (const store of [serverStore, clientStore])
    expect([store.look(), store.look()]).toEqual(['changing', 'reloaded']);
  await newPair.promise;
  running = false;
  await Promise.all(loads);
  expect(failed).toEqual([]);
  // The connection that stood has gone on with what it was made with.
  expect([...seen].filter((entry) => entry.startsWith('lasting'))).toEqual(['lasting: CN=alice at one']);
  expect(seen).toContain('new: CN=alice at one');
  expect(await who(clientTo(server.port, clientStore))).toMatchObject({ answer: 'CN=bob', server: 'two' });
});
