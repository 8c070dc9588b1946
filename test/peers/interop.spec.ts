import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../e2e/config-tree.js';
import { RunningProcess } from '../e2e/running-process.js';
import { requireDebianPackages } from './debian-packages.js';
import { CLIENT_CASES } from './interop/client-cases.js';
import { runCppClient } from './interop/cpp-client.js';
import { runGoClient } from './interop/go-client.js';
import { startGrpcJsServer } from './interop/grpc-js-server.js';
import { startKunClient, type KunClients } from './interop/kun-client.js';
import { startKunServer } from './interop/kun-server.js';

const run = promisify(execFile);

/** The official cases that the official Ruby client has, less those of compression and credentials. */
const CASES = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'cancel_after_begin',
  'cancel_after_first_response',
  'timeout_on_sleeping_server',
  'unimplemented_method',
  'unimplemented_service',
  'status_code_and_message',
  'custom_metadata',
];

let rubyPrograms: string;
beforeAll(async () => {
  await requireDebianPackages('ruby-grpc');
  const { stdout } = await run('dpkg', ['-L', 'ruby-grpc']);
  rubyPrograms = stdout.match(/^.*\/pb\/test(?=\/client\.rb$)/m)?.[0] ?? '';
}, 300_000);

describe('a kun server and the official client of the C core (Ruby)', () => {
  let server: TestService;
  beforeAll(async () => {
    server = await startKunServer();
  });
  afterAll(() => server.close());

  it.concurrent.each(CASES)('%s', async (name) => {
    const [host, port] = server.grpcAddress.split(':');
    const { stdout } = await run('/usr/bin/ruby', [
      `${rubyPrograms}/client.rb`,
      `--server_host=${host}`,
      `--server_port=${port}`,
      `--test_case=${name}`,
    ]);
    expect(stdout).toContain(`OK: ${name}`);
  });
});

describe('a kun server and grpc-go', () => {
  let server: TestService;
  let said: Record<string, string>;
  beforeAll(async () => {
    await requireDebianPackages('golang-go', 'golang-google-grpc-dev');
    server = await startKunServer();
    said = await runGoClient(server.grpcAddress);
  }, 600_000);
  afterAll(() => server.close());

  it.each([...CASES, 'special_status_message'])('%s', (name) => {
    expect(said[name]).toBe('OK');
  });
});

describe('a kun server and the C++ client', () => {
  let server: TestService;
  let said: Record<string, string>;
  beforeAll(async () => {
    await requireDebianPackages('g++', 'pkg-config', 'libgrpc++-dev');
    server = await startKunServer();
    said = await runCppClient(server.grpcAddress);
  }, 600_000);
  afterAll(() => server.close());

  it.each([...CASES, 'special_status_message', 'large_unary_gzip', 'large_unary_deflate'])('%s', (name) => {
    expect(said[name]).toBe('OK');
  });
});

describe('a kun client and a server on bare grpc-js', () => {
  let server: Awaited<ReturnType<typeof startGrpcJsServer>>;
  let kun: KunClients;
  beforeAll(async () => {
    server = await startGrpcJsServer();
    kun = await startKunClient(server.address);
  });
  afterAll(async () => {
    await kun.close();
    server.close();
  });

  it.each(Object.entries(CLIENT_CASES))('%s', async (_, run) => {
    await expect(run(kun)).resolves.toBeUndefined();
  });
});

describe('a kun client and a kun server', () => {
  let server: TestService;
  let kun: KunClients;
  beforeAll(async () => {
    server = await startKunServer();
    kun = await startKunClient(server.grpcAddress);
  });
  afterAll(async () => {
    await kun.close();
    await server.close();
  });

  it.each(Object.entries(CLIENT_CASES))('%s', async (_, run) => {
    await expect(run(kun)).resolves.toBeUndefined();
  });
});

describe('a kun client and the official server of the C core (Ruby)', () => {
  let server: RunningProcess;
  let kun: KunClients;
  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    server = new RunningProcess('/usr/bin/ruby', [`${rubyPrograms}/server.rb`, `--port=${port}`]);
    kun = await startKunClient(`127.0.0.1:${port}`);
  }, 60_000);
  afterAll(async () => {
    await kun.close();
    await server[Symbol.asyncDispose]();
  });

  it.each(Object.entries(CLIENT_CASES))('%s', async (_, run) => {
    await expect(run(kun)).resolves.toBeUndefined();
  });
});
