import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { permissionDenied } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { testAuthority } from './clients/test-authority.js';
import { kindsController } from './kinds-controller.js';

const FLOOD = 1000;
/** What is written in a second, for the seconds that a flood takes on a slow machine. */
const MOST_LINES = 20 * 15;

let service: TestService;
let session: ClientHttp2Session | undefined;
afterEach(async () => {
  session?.destroy();
  await service.close();
});

async function start(overrides: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const controller = kindsController({
    unary({ n }) {
      if (n === 7) throw permissionDenied('not you');
      return { n };
    },
  });
  service = await startTestService(kindsModule({ controllers: [controller] }), { overrides });
}

/** Calls past any client: what a scanner sends. */
async function flood(path: string, body: Buffer, contentType = 'application/grpc'): Promise<void> {
  session = connectHttp2(`http://${service.grpcAddress}`);
  const one = async () => {
    const stream = session!.request({
      ':method': 'POST',
      ':path': path,
      'content-type': contentType,
      te: 'trailers',
    });
    stream.on('error', () => undefined).resume();
    stream.end(body);
    await new Promise((resolve) => stream.once('close', resolve));
  };
  for (let i = 0; i < FLOOD; i += 50) await Promise.all(Array.from({ length: 50 }, one));
}

/** `n: 7`, in a gRPC frame. */
const SEVEN = Buffer.from([0, 0, 0, 0, 2, 0x10, 7]);
const GARBAGE = Buffer.from([0, 0, 0, 0, 3, 0xff, 0xff, 0xff]);

describe('lines whose pace a caller sets', () => {
  it.each([
    ['unknown methods', '/no.such.Service/Method', SEVEN, undefined],
    ['another content type', `/${KINDS}/Unary`, SEVEN, 'text/html'],
    ['requests that cannot be read', `/${KINDS}/Unary`, GARBAGE, undefined],
    ['no request', `/${KINDS}/Unary`, Buffer.alloc(0), undefined],
    ['calls that are refused', `/${KINDS}/Unary`, SEVEN, undefined],
  ])('%s: are few, say how many were left out, and name the peer', async (_, path, body, contentType) => {
    await start();
    await flood(path, body, contentType);
    const lines = service.logs.finishedCalls;
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(MOST_LINES);
    for (const line of lines) expect(line['peer.address']).toMatch(/^127\.0\.0\.1:\d+$/);
    // Some are told with the next line, the others were left out after the last.
    const skipped = lines.reduce((sum, line) => sum + Number(line['log.skipped'] ?? 0), 0);
    expect(skipped + lines.length).toBeLessThanOrEqual(FLOOD);
    expect(await service.metrics()).toMatch(/^grpc_server_handled_total\{.*\} 1000$/m);
  });

  it('garbage on a TLS port: are few, and name the peer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kun-lines-'));
    const { certificate, privateKey } = await (await testAuthority('authority')).issue('kinds');
    writeFileSync(join(folder, 'cert'), certificate);
    writeFileSync(join(folder, 'key'), privateKey);
    await start({ GRPCServer: { TLS: { Cert: join(folder, 'cert'), Key: join(folder, 'key') } } });
    const port = Number(service.grpcAddress.split(':')[1]);
    for (let i = 0; i < 300; i++) {
      const socket = connect(port, '127.0.0.1')
        .on('error', () => undefined)
        .resume();
      await once(socket, 'connect');
      if (i % 2 === 0) socket.write('GET / HTTP/1.1\r\n\r\n');
      else socket.resetAndDestroy();
      if (!socket.destroyed) await once(socket, 'close');
    }
    await service.logs.waitFor(({ msg }) => msg === 'refused a TLS connection');
    await service.close();
    rmSync(folder, { recursive: true });
    const lines = service.logs.where(({ msg }) => msg === 'refused a TLS connection');
    expect(lines.length).toBeLessThan(MOST_LINES);
    for (const line of lines) expect(line['peer.address']).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});
