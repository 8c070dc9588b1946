import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Metadata, status } from '@grpc/grpc-js';
import { currentCall, StatusError } from '@kun/core';
import { deferred, startTestService, type TestService } from '@kun/core/testing';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { map, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { requireDebianPackages } from './debian-packages.js';

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '../..');
const FIXTURES = join(REPOSITORY, 'test/fixtures');
const MAX_BYTES = 1_000_000;
const MESSAGE = 'Größe 100 %: キャッシュがありません 🎉\n#?';

/** What became of the handlers whose callers left. */
const aborted: string[] = [];
const collectBegun = deferred();

@Controller()
class PeersController {
  @GrpcMethod('Kinds')
  async unary({ text, n }: Note, metadata: Metadata): Promise<Partial<Note>> {
    if (text === 'hang') await untilAborted('unary');
    if (text === 'fail') throw new StatusError(n, MESSAGE);
    if (text === 'secret') throw new Error('secret');
    if (text === 'grow') return { text: 'x'.repeat(n) };
    if (text === 'wait for collect') await collectBegun.promise;
    if (text === 'metadata') {
      const [bytes] = metadata.get('x-bytes-bin');
      currentCall()?.responseMetadata.set(
        'x-back-bin',
        Buffer.from(Uint8Array.from(bytes as Buffer).toReversed()),
      );
      return { text: String(metadata.get('x-text')) };
    }
    return { text, n };
  }

  @GrpcMethod('Kinds')
  async *watch({ text, n }: Note): AsyncGenerator<Partial<Note>> {
    if (text === 'count') for (let seq = 0; seq < n; seq++) yield { n: seq };
    if (text === 'fail') {
      yield { text: 'first' };
      throw new StatusError(n, MESSAGE);
    }
    if (text === 'hang') await untilAborted('watch');
  }

  @GrpcStreamMethod('Kinds')
  async collect(requests: AsyncIterable<Note>): Promise<Partial<Note>> {
    let sum = 0;
    try {
      for await (const { text, n } of requests) {
        if (text === 'begin') collectBegun.resolve();
        sum += n;
      }
    } catch (error) {
      if (error instanceof StatusError && error.code === status.CANCELLED) aborted.push('collect');
      throw error;
    }
    return { n: sum };
  }

  @GrpcStreamMethod('Kinds')
  chat(requests: Observable<Note>): Observable<Partial<Note>> {
    currentCall()?.signal.addEventListener('abort', () => aborted.push('chat'));
    return requests.pipe(map(({ text, n }) => ({ text: text === 'ping' ? 'pong' : text, n })));
  }
}

async function untilAborted(name: string): Promise<void> {
  const signal = currentCall()?.signal;
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
  aborted.push(name);
}

let service: TestService;
beforeAll(async () => {
  service = await startTestService(kindsModule({ controllers: [PeersController] }), {
    overrides: { GRPCServer: { MaxMsgSize: MAX_BYTES, Reflection: true } },
  });
});
afterAll(() => service.close());

describe("Python's gRPC, which is the C core", () => {
  let answers: Record<string, unknown>;
  let folder: string;
  beforeAll(async () => {
    await requireDebianPackages('python3-grpcio', 'python3-grpc-tools', 'python3-protobuf');
    folder = await mkdtemp(join(tmpdir(), 'kun-peers-'));
    const out = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
    await run('/usr/bin/python3', ['-m', 'grpc_tools.protoc', `-I${FIXTURES}`, ...out, 'kinds.proto']);
    const client = join(import.meta.dirname, 'python/kinds_client.py');
    const { stdout } = await run('/usr/bin/python3', [client, service.grpcAddress], {
      env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    });
    answers = JSON.parse(stdout) as Record<string, unknown>;
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const refused = (code: status, details: unknown = expect.any(String)) =>
    expect.objectContaining({ code, details }) as unknown;

  it.each<[string, unknown]>([
    ['unary', ['hello', 7, status.OK]],
    ['watch', true],
    ['watch_nothing', []],
    ['collect', 499_500],
    ['collect_nothing', 0],
    ['chat', [0, 1, 2, 3, 4].map((n) => ['pong', n])],
    ['chat_nothing', []],
    ['many_at_once', true],
  ])('calls all four kinds: %s', (name, expected) => {
    expect(answers[name]).toEqual(expected);
  });

  it('has its metadata seen, and sees ours', () => {
    expect(answers['metadata']).toEqual(['plain', 'from-python', 'ff00']);
  });

  it('gets every code, with a message beyond ASCII', () => {
    const codes = Array.from({ length: 16 }, (_, index) => index + 1);
    expect(answers['every_code']).toEqual(codes.map((code) => [code, MESSAGE]));
    expect(answers['code_after_messages']).toEqual([['first'], status.FAILED_PRECONDITION]);
    expect(answers['secret']).toEqual(refused(status.INTERNAL, 'Internal server error'));
  });

  it.each([
    ['deadline', refused(status.DEADLINE_EXCEEDED), 'unary'],
    ['deadline_of_stream', refused(status.DEADLINE_EXCEEDED), 'watch'],
    ['cancel_after_begin', [status.CANCELLED, true], 'collect'],
    ['cancel_after_first_response', [1, status.CANCELLED], 'chat'],
  ])('gives up, and the handler is told: %s', async (name, expected, handler) => {
    expect(answers[name]).toEqual(expected);
    await expect.poll(() => aborted).toContain(handler);
  });

  it('sends and gets large messages, and RESOURCE_EXHAUSTED beyond the limit', () => {
    expect(answers['large']).toBe(900_000);
    expect(answers['too_large']).toEqual(refused(status.RESOURCE_EXHAUSTED));
    expect(answers['too_large_in_stream']).toEqual(refused(status.RESOURCE_EXHAUSTED));
    expect(answers['too_large_answer']).toEqual(refused(status.RESOURCE_EXHAUSTED));
  });

  it('may compress', () => {
    expect(answers['compressed']).toBe(4000);
  });

  it.each([
    ['unimplemented_method', status.UNIMPLEMENTED],
    ['unimplemented_service', status.UNIMPLEMENTED],
    ['no_message', status.UNIMPLEMENTED],
    ['two_messages', status.UNIMPLEMENTED],
    ['no_such_bytes', status.INTERNAL],
  ])('is refused what it may not do: %s', (name, code) => {
    expect(answers[name]).toEqual(refused(code));
  });

  it('leaves books that agree', async () => {
    await expect.poll(async () => sumOf(await service.metrics(), 'grpc_server_in_flight')).toBe(0);
    const text = await service.metrics();
    const started = sumOf(text, 'grpc_server_started_total');
    expect(started).toBeGreaterThan(230);
    expect(sumOf(text, 'grpc_server_handled_total')).toBe(started);
    expect(service.logs.finishedCalls).toHaveLength(started);
  });
});

describe('buf curl, which is connect-go', () => {
  async function curl(method: string, messages: readonly object[], ...flags: string[]) {
    const data = messages.map((message) => JSON.stringify(message)).join('\n');
    const url = `http://${service.grpcAddress}/${KINDS}/${method}`;
    const args = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', ...flags, '-d', data, url];
    try {
      const { stdout } = await run(join(REPOSITORY, 'node_modules/.bin/buf'), args);
      return { code: 0, stdout: stdout.replace(/\s+/g, '') };
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      // Its exit code is the status, three bits up.
      return { code: code / 8, stderr };
    }
  }

  it.each([
    ['Unary', [{ text: 'hi', n: 1 }], '{"text":"hi","n":1}'],
    ['Watch', [{ text: 'count', n: 3 }], '{}{"n":1}{"n":2}'],
    ['Collect', [{ n: 1 }, { n: 2 }], '{"n":3}'],
    [
      'Chat',
      [
        { text: 'ping', n: 1 },
        { text: 'ping', n: 2 },
      ],
      '{"text":"pong","n":1}{"text":"pong","n":2}',
    ],
  ])('calls it by reflection: %s', async (method, messages, expected) => {
    expect(await curl(method, messages)).toEqual({ code: status.OK, stdout: expected });
  });

  it('is told of failures', async () => {
    expect(await curl('Unary', [{ text: 'fail', n: 9 }])).toMatchObject({
      code: status.FAILED_PRECONDITION,
      stderr: expect.stringContaining('Größe 100 %') as string,
    });
  });
});

function sumOf(text: string, name: string): number {
  const values = [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}
