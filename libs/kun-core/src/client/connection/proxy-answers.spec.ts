import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../../test/channel.js';
import { proxyAnswers } from './proxy-answers.js';

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

async function start(server: Server, port = 0): Promise<number> {
  servers.push(server);
  return listen(server, port);
}

describe('whether the sidecar answers', () => {
  it('is no until it listens, and yes from then on', async () => {
    const early = createServer();
    const port = await listen(early);
    await new Promise((resolve) => early.close(resolve));
    await expect(proxyAnswers({ port })).rejects.toThrow(
      `the proxy at 127.0.0.1:${port} does not answer: connect ECONNREFUSED`,
    );
    await start(
      createServer((socket) => socket.end()),
      port,
    );
    await expect(proxyAnswers({ port })).resolves.toBeUndefined();
  });

  it('is what its health URL says, when there is one', async () => {
    let status = 503;
    const port = await start(createHttpServer((_request, response) => response.writeHead(status).end()));
    const healthUrl = `http://127.0.0.1:${port}/healthz/ready`;
    await expect(proxyAnswers({ port: 1, healthUrl })).rejects.toThrow(
      `the proxy at ${healthUrl} does not answer: it answered 503`,
    );
    status = 200;
    await expect(proxyAnswers({ port: 1, healthUrl })).resolves.toBeUndefined();
  });

  it('fails when it takes too long, or when nobody waits any more', async () => {
    const port = await start(createHttpServer(() => undefined));
    const healthUrl = `http://127.0.0.1:${port}/`;
    await expect(proxyAnswers({ port, healthUrl, timeoutMs: 30 })).rejects.toThrow('nothing within 30 ms');
    await expect(proxyAnswers({ port, healthUrl, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
