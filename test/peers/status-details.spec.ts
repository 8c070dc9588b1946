import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anyDetail,
  badRequest,
  debugInfo,
  errorInfo,
  fromServiceError,
  help,
  localizedMessage,
  preconditionFailure,
  quotaFailure,
  requestInfo,
  resourceInfo,
  retryInfo,
  StatusError,
  type StatusDetail,
} from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { kindsController } from '../e2e/kinds-controller.js';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { requireDebianPackages } from './debian-packages.js';

// Python's gRPC is the C core, which Ruby, C++ and PHP share. The .proto files are Google's own, as a Debian
// package of another project carries them.
const PYTHON = '/usr/bin/python3';
const PROGRAMS = join(import.meta.dirname, 'python');
const PROTOS = '/usr/share/gocode/src/github.com/gogo/googleapis';
const METHOD = '/kun.test.v1.Failing/Fail';

const run = promisify(execFile);
const bytes = (value: Buffer): Buffer => value;

const DETAILS: readonly StatusDetail[] = [
  errorInfo({ reason: 'CACHE_EXPIRED', domain: 'cache.acme.com', metadata: { zone: 'zürich', n: '1' } }),
  retryInfo({ retryDelayMs: 1500.000001 }),
  debugInfo({ detail: 'boom', stackEntries: ['at a (a.ts:1:2)', 'at b (b.ts:3:4)'] }),
  quotaFailure({ violations: [{ subject: 'account:42', description: 'daily reads used up' }] }),
  preconditionFailure({ violations: [{ type: 'TOS', subject: 'acme.com', description: 'not accepted' }] }),
  badRequest({
    fieldViolations: [
      { field: 'user.emails[0]', description: 'must be an e-mail address' },
      { field: 'user.name', description: 'must not be empty' },
    ],
  }),
  requestInfo({ requestId: 'req-1', servingData: 'opaque' }),
  resourceInfo({ resourceType: 'cache', resourceName: 'caches/42', owner: 'user:a', description: 'x' }),
  help({ links: [{ description: 'quota', url: 'https://acme.com/quota' }] }),
  localizedMessage({ locale: 'ja', message: 'キャッシュがありません 🎉' }),
  anyDetail({ typeUrl: 'type.googleapis.com/acme.v1.Own', value: new Uint8Array([8, 1]) }),
];

/** All codes of a failure. */
const FAILURE_CODES: readonly status[] = Array.from({ length: 16 }, (_, index) => index + 1);

const MESSAGE = 'Größe 100 %: キャッシュがありません 🎉\n#?';

let folder: string;
let descriptors: string;

beforeAll(async () => {
  await requireDebianPackages(
    'python3-grpcio',
    'python3-grpc-tools',
    'python3-protobuf',
    'golang-github-gogo-googleapis-dev',
  );
  folder = await mkdtemp(join(tmpdir(), 'kun-status-details-'));
  descriptors = join(folder, 'descriptors.bin');
  const files = ['google/rpc/status.proto', 'google/rpc/error_details.proto'];
  await run(PYTHON, [
    '-m',
    'grpc_tools.protoc',
    `-I${PROTOS}`,
    `--descriptor_set_out=${descriptors}`,
    '--include_imports',
    ...files,
  ]);
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('what kun sends, read by Python', () => {
  const cases = new Map<string, StatusError>();
  let service: TestService;

  beforeAll(async () => {
    const unary = ({ text }: Note) => {
      throw cases.get(text) ?? new Error(`there is no case ${text}`);
    };
    service = await startTestService(kindsModule({ controllers: [kindsController({ unary })] }));
  });

  afterAll(() => service.close());

  it('every standard detail, one by one and together', async () => {
    const errors = [...DETAILS.map((detail) => [detail]), DETAILS, []].map(
      (details) => new StatusError(status.FAILED_PRECONDITION, MESSAGE, { details }),
    );
    const answers = await askPython(errors);
    expect(answers).toEqual(
      errors.map((error) => ({
        code: 9,
        message: MESSAGE,
        status:
          error.details.length === 0
            ? null
            : { code: 9, message: MESSAGE, details: error.details.map(inJson) },
      })),
    );
  });

  it('fields that its .proto files do not know yet', async () => {
    const details = [
      badRequest({
        fieldViolations: [
          {
            field: 'a',
            description: 'd',
            reason: 'R',
            localizedMessage: { locale: 'de', message: 'm' },
          },
        ],
      }),
    ];
    const [answer] = await askPython([new StatusError(status.ABORTED, 'x', { details })]);
    expect(answer?.status?.details[0]).toMatchObject({ fieldViolations: [{ field: 'a', description: 'd' }] });
  });

  it('every code', async () => {
    const codes = FAILURE_CODES;
    const answers = await askPython(
      codes.map((code) => new StatusError(code, 'x', { details: [retryInfo({ retryDelayMs: 5 })] })),
    );
    expect(answers.map(({ code }) => code)).toEqual(codes);
    expect(answers.map((answer) => answer.status?.code)).toEqual(codes);
  });

  it('details that were too large, cut with a mark; uncut the call would lose its code', async () => {
    const fieldViolations = Array.from({ length: 2000 }, (_, n) => ({
      field: `items[${n}].name`,
      description: 'must not be empty',
    }));
    const error = new StatusError(status.INVALID_ARGUMENT, '日'.repeat(10_000), {
      details: [retryInfo({ retryDelayMs: 5 }), badRequest({ fieldViolations })],
    });
    const [cut] = await askPython([error]);
    const whole = await askPythonUncut(error);
    expect(cut?.code).toBe(status.INVALID_ARGUMENT);
    expect(cut?.message).toMatch(/^日{100,}\.\.\.$/);
    expect(cut?.status).toMatchObject({
      message: cut?.message,
      details: [
        { retryDelay: '0.005s' },
        { fieldViolations: expect.arrayContaining([fieldViolations[0]]) },
        { reason: 'DETAILS_TRUNCATED', domain: 'kun', metadata: { details: '2', kept: '1' } },
      ],
    });
    expect(whole?.code).not.toBe(status.INVALID_ARGUMENT);
    expect(whole?.status).toBeNull();
  });

  it('a message with half a character in it', async () => {
    const details = [errorInfo({ reason: 'a\udc00' })];
    const [answer] = await askPython([new StatusError(status.ABORTED, 'a\ud800b', { details })]);
    expect(answer).toMatchObject({ message: 'a\ufffdb', status: { details: [{ reason: 'a\ufffd' }] } });
  });

  async function askPython(failures: readonly StatusError[]): Promise<Answer[]> {
    const names = failures.map((_, index) => String(index));
    for (const [index, failure] of failures.entries()) cases.set(String(index), failure);
    return runStatusClient(service.grpcAddress, `/${KINDS}/Unary`, names);
  }
});

describe('what Python sends, read by kun', () => {
  let python: ReturnType<typeof spawn>;
  let client: Client;

  beforeAll(async () => {
    python = spawn(PYTHON, [join(PROGRAMS, 'status_server.py'), descriptors], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: quiet(),
    });
    const [port] = await once(python.stdout!, 'data');
    client = new Client(`127.0.0.1:${String(port).trim()}`, credentials.createInsecure());
  });

  afterAll(async () => {
    client.close();
    const ended = once(python, 'exit');
    python.stdin?.end();
    await ended;
  });

  it.each([...DETAILS.map((detail) => [detail.type, [detail]] as const), ['all', DETAILS] as const])(
    '%s',
    async (_, details) => {
      const error = new StatusError(status.FAILED_PRECONDITION, MESSAGE, { details });
      const received = fromServiceError(
        await callThatFails({ code: error.code, message: MESSAGE, details: details.map(inJson) }),
      );
      expect(received).toMatchObject({ code: error.code, message: MESSAGE, details });
      expect(received.metadata.get('hint')).toEqual(['h']);
    },
  );

  it('every code', async () => {
    for (const code of FAILURE_CODES) {
      const received = fromServiceError(await callThatFails({ code, message: 'x', details: [] }));
      expect(received.code).toBe(code);
    }
  });

  function callThatFails(wanted: object): Promise<ServiceError> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(METHOD, bytes, bytes, Buffer.from(JSON.stringify(wanted)), (error) =>
        error ? resolve(error) : reject(new Error('the call did not fail')),
      );
    });
  }
});

/** A detail as protobuf's JSON mapping has it. */
function inJson(detail: StatusDetail): object {
  if (detail.type === 'google.protobuf.Any') {
    return { '@type': detail.typeUrl, value: Buffer.from(detail.value).toString('base64') };
  }
  const { type, ...fields } = detail;
  const delay = detail.type === 'google.rpc.RetryInfo' ? { retryDelay: '1.500000001s' } : undefined;
  return { '@type': `type.googleapis.com/${type}`, ...(delay ?? fields) };
}

function runStatusClient(address: string, method: string, names: readonly string[]): Promise<Answer[]> {
  const program = join(PROGRAMS, 'status_client.py');
  return run(PYTHON, [program, descriptors, address, method, ...names], { env: quiet() }).then(
    ({ stdout }) => JSON.parse(stdout) as Answer[],
  );
}

/** What Python makes of an answer that a server without kun's limits gives. */
async function askPythonUncut({ code, message }: StatusError): Promise<Answer | undefined> {
  const server = new Server();
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.alloc(100_000));
  server.addService(
    {
      Fail: {
        path: METHOD,
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Fail: (_: unknown, callback: sendUnaryData<Buffer>) => callback({ code, details: message, metadata }),
    },
  );
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (failed, bound) =>
        failed ? reject(failed) : resolve(bound),
      );
    });
    const [answer] = await runStatusClient(`127.0.0.1:${port}`, METHOD, ['uncut']);
    return answer;
  } finally {
    server.forceShutdown();
  }
}

interface Answer {
  readonly code: number;
  readonly message: string;
  readonly status: { readonly code: number; readonly details: readonly unknown[] } | null;
}

/** Without a proxy of the machine, and without bytecode beside the programs. */
function quiet(): NodeJS.ProcessEnv {
  const { http_proxy: _a, https_proxy: _b, grpc_proxy: _c, ...env } = process.env;
  return { ...env, PYTHONDONTWRITEBYTECODE: '1' };
}
