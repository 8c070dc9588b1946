import { createServer } from 'node:http';
import { connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHandlers } from '../../../test/serve.js';
import { callOnce, listen } from '../../../test/channel.js';
import { openChannel } from './channel.js';
import { httpProxyFor, HttpProxyError, type Environment } from './http-proxy.js';

const PROXY = { http_proxy: 'http://proxy:3128' };
const through = (host: string, environment: Environment, port = 50_051) =>
  httpProxyFor({ host, port }, environment)?.address;

describe('the proxy of the environment', () => {
  it.each<[string, Environment, string | undefined]>([
    ['none', {}, undefined],
    ['http_proxy', PROXY, 'proxy:3128'],
    ['https_proxy before it', { ...PROXY, https_proxy: 'http://secure:1' }, 'secure:1'],
    [
      'grpc_proxy before both',
      { ...PROXY, https_proxy: 'http://secure:1', grpc_proxy: 'http://own:2' },
      'own:2',
    ],
    ['without a scheme', { http_proxy: 'proxy:3128' }, 'proxy:3128'],
    ['without a port', { http_proxy: 'http://proxy' }, 'proxy:80'],
    ['an empty one', { http_proxy: ' ' }, undefined],
    ['in upper case, which callers of a CGI choose', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
  ])('is %s', (_name, environment, address) => {
    expect(through('orders.example', environment)).toBe(address);
  });

  it('has credentials, and is refused without showing them', () => {
    const environment = { http_proxy: 'http://me:s%20cret@proxy:3128' };
    expect(httpProxyFor({ host: 'a', port: 1 }, environment)).toEqual({
      address: 'proxy:3128',
      credentials: 'me:s cret',
    });
    const wrong = { https_proxy: 'https://me:secret@proxy' };
    expect(() => through('orders.example', wrong)).toThrow(HttpProxyError);
    expect(() => through('orders.example', wrong)).toThrow(
      'https_proxy, which would lead to orders.example, is not of the form http://host:port',
    );
    expect(() => through('orders.example', wrong)).not.toThrow('secret');
    expect(through('localhost', wrong)).toBeUndefined();
  });

  it.each([
    'localhost',
    'LOCALHOST',
    'a.localhost',
    'localhost.',
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
  ])('never leads to this host: %s', (host) => {
    expect(through(host, PROXY)).toBeUndefined();
  });

  it.each<[string, string, boolean]>([
    ['*', 'orders.example', true],
    ['orders.example', 'orders.example', true],
    ['ORDERS.example', 'orders.EXAMPLE.', true],
    ['example', 'orders.example', true],
    ['.example', 'orders.example', true],
    ['*.example', 'orders.example', true],
    ['.example', 'example', true],
    // A suffix of letters is none of names.
    ['ample', 'orders.example', false],
    ['orders.example.org', 'orders.example', false],
    [' other , orders.example ', 'orders.example', true],
    ['other orders.example', 'orders.example', true],
    ['other,', 'orders.example', false],
    [',,', 'orders.example', false],
    ['orders.example:50051', 'orders.example', true],
    ['orders.example:443', 'orders.example', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.10', false],
    ['0.1', '10.0.0.1', false],
    ['10.0.0.0/8', '10.9.9.9', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/33', '10.0.0.1', false],
    ['10.0.0.0/8:50051', '10.0.0.1', true],
    ['fd00::/8', 'fd12::1', true],
    ['[fd12::1]:50051', 'fd12::1', true],
    ['0.0.0.0/0', 'orders.example', false],
  ])('with the exceptions "%s" leads to %s: not %s', (list, host, excepted) => {
    for (const name of ['no_grpc_proxy', 'no_proxy', 'NO_PROXY']) {
      expect(through(host, { ...PROXY, [name]: list })).toBe(excepted ? undefined : 'proxy:3128');
    }
  });
});

describe('a channel', () => {
  const ends: Array<() => unknown> = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  it('goes through the proxy with its own authority, and past it where it is to', async () => {
    const service = await serveHandlers({ Unary: () => ({}) });
    ends.push(() => service.stop());
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const upstream = connect(service.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      for (const end of [socket, upstream]) end.on('error', () => undefined);
      ends.push(() => upstream.destroy());
    });
    const proxyPort = await listen(proxy);
    ends.push(() => proxy.close());
    const environment = { http_proxy: `http://127.0.0.1:${proxyPort}`, no_proxy: 'other.test,' };
    const open = (target: string) => {
      const channel = openChannel({ name: 'orders', target, environment });
      ends.push(() => channel.close());
      return callOnce(channel.client, { waitForReady: true, path: '/t.v1.T/Unary' });
    };
    // Nobody but the proxy knows the name, or the way to the addresses of documentation.
    const targets = ['orders.test:50051', '192.0.2.1:50051', 'ipv4:192.0.2.2:1'];
    for (const target of targets) {
      await expect(open(target), target).resolves.toMatchObject({ code: status.OK });
    }
    expect(tunnels).toEqual(['orders.test:50051', '192.0.2.1:50051', '192.0.2.2:1']);
    tunnels.length = 1;
    await expect(open(`localhost:${service.port}`)).resolves.toMatchObject({ code: status.OK });
    await expect(open(`127.0.0.1:${service.port}`)).resolves.toMatchObject({ code: status.OK });
    expect(tunnels).toHaveLength(1);
  });
});
