import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindsController } from '../e2e/kinds-controller.js';
import { sumOf } from '../e2e/metrics-text.js';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { requireDebianPackages } from './debian-packages.js';

const run = promisify(execFile);

/** Answers with what it is sent; `long` with more than the windows of a careful caller. */
const echo = kindsController({
  unary: ({ text, n }) => ({ text: text === 'long' ? 'kun '.repeat(20_000) : text, n }),
});
/** `{ text: 'hi' }` and `{ text: 'long' }`. */
const HI = '0a026869';
const LONG = '0a046c6f6e67';
const LONG_BYTES = 80_000 + 4 + 5;

describe('tools of HTTP/2 and the engine kun', () => {
  let service: TestService;
  let folder: string;
  let url: string;
  beforeAll(async () => {
    await requireDebianPackages('nghttp2-client', 'curl', 'python3-h2');
    service = await startTestService(kindsModule({ controllers: [echo] }), {
      overrides: { GRPCServer: { Engine: 'kun' } },
    });
    url = `http://${service.grpcAddress}/${KINDS}/Unary`;
    folder = await mkdtemp(join(tmpdir(), 'kun-tools-'));
    for (const [name, note] of [
      ['hi', HI],
      ['long', LONG],
    ] as const) {
      const body = Buffer.from(note, 'hex');
      await writeFile(join(folder, name), Buffer.concat([Buffer.of(0, 0, 0, 0, body.length), body]));
    }
  }, 300_000);
  afterAll(async () => {
    await service.close();
    await rm(folder, { recursive: true, force: true });
  });

  const GRPC = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];

  it('h2load: thousands of calls on some connections, each counted once and OK', async () => {
    const labels = { grpc_method: 'Unary', grpc_code: 'OK' };
    const before = sumOf(await service.metrics(), 'grpc_server_handled_total', labels);
    const load = ['-n', '4000', '-c', '4', '-m', '32', '-t', '1', '-d', join(folder, 'hi'), ...GRPC];
    const { stdout } = await run('h2load', [...load, url]);
    expect(stdout).toContain('4000 succeeded, 0 failed, 0 errored, 0 timeout');
    // It looks at no status of gRPC.
    const counted = async () => sumOf(await service.metrics(), 'grpc_server_handled_total', labels) - before;
    await expect.poll(counted).toBe(4000);
  });

  it('nghttp: with padding, and windows of 16 KiB', async () => {
    const odd = ['-v', '-n', '-b', '9', '-w', '14', '-W', '14', '-d', join(folder, 'long')];
    const { stdout } = await run('nghttp', [...odd, ...GRPC, url], { maxBuffer: 16 * 1024 * 1024 });
    expect(stdout).toMatch(/content-type: application\/grpc/);
    expect(stdout).toMatch(/grpc-status: 0/);
    const sizes = [...stdout.matchAll(/recv \S*DATA\S* frame <length=(\d+)/g)].map(([, size]) =>
      Number(size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(LONG_BYTES);
  });

  it('curl: a call, and a request that is none', async () => {
    const post = ['-sS', '-v', '--http2-prior-knowledge', '-o', '/dev/null', '-w', '%{size_download}'];
    const body = ['--data-binary', `@${join(folder, 'long')}`];
    const call = await run('curl', [...post, ...GRPC, ...body, url]);
    expect(Number(call.stdout)).toBe(LONG_BYTES);
    expect(call.stderr).toMatch(/< grpc-status: 0/);
    const page = await run('curl', [
      '-sS',
      '--http2-prior-knowledge',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      url,
    ]);
    expect(page.stdout).toBe('415');
    // HTTP/1.1 is hung up on, with a GOAWAY or without.
    await expect(run('curl', ['-sS', '--http1.1', '--max-time', '10', url])).rejects.toThrow('curl');
  });

  it("Python's h2: a window of 16 bytes, and DATA of seven", async () => {
    const program = join(import.meta.dirname, 'python/h2_client.py');
    const { stdout } = await run('/usr/bin/python3', [program, service.grpcAddress, LONG]);
    expect(JSON.parse(stdout)).toEqual({ bytes: LONG_BYTES, status: '0' });
  });
});
