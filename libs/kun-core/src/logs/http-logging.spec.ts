import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger as NestLogger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { LogRecorder } from '../testing/log-recorder.js';
import { ApplicationLogger } from './application-logger.js';
import { httpLogging } from './http-logging.js';
import { LogRouter } from './log-router.js';
import { connectLog } from './nest-pino-logger.js';

const identity = {
  domain: '',
  namespace: 'n',
  cluster: 'c',
  service: 's',
  instance: 'i',
};

async function serve(status: number) {
  const destination = new LogRecorder();
  const logger = new ApplicationLogger({ identity }, destination);
  const log = new LogRouter();
  connectLog(log, logger);
  NestLogger.overrideLogger(log.nestLogger);
  const middleware = httpLogging(log, logger);
  const server = createServer((request, response) => {
    middleware(request, response, () => {
      setImmediate(() => {
        new NestLogger('Controller').log('handling');
        response.statusCode = status;
        response.end();
      });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const get = async (headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${port}/items?token=secret`, { headers });
    await response.arrayBuffer();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    log.close();
    return response;
  };
  return { destination, get };
}

describe('httpLogging', () => {
  afterEach(() => NestLogger.overrideLogger(['log']));

  it("takes the caller's id into every line under the request, and returns it", async () => {
    const { destination, get } = await serve(200);
    const response = await get({ 'x-request-id': 'r-1', authorization: 'secret' });
    expect(response.headers.get('x-request-id')).toBe('r-1');
    expect(destination.lines).toMatchObject([
      { msg: 'handling', context: 'Controller', request_id: 'r-1' },
      {
        msg: 'finished request',
        level: 'info',
        request_id: 'r-1',
        req: { method: 'GET', path: '/items' },
        res: { status: 200 },
      },
    ]);
    expect(JSON.stringify(destination.lines)).not.toContain('secret');
  });

  it.each([
    [404, 'warn'],
    [500, 'error'],
  ])('puts the line of a %i at %s', async (status, level) => {
    const { destination, get } = await serve(status);
    const response = await get({ 'x-request-id': 'not safe' });
    const id = response.headers.get('x-request-id');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(destination.lines.at(-1)).toMatchObject({ level, request_id: id, res: { status } });
  });
});
