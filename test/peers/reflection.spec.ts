import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  credentials,
  makeGenericClientConstructor,
  type Client,
  type ClientDuplexStream,
} from '@grpc/grpc-js';
import { startTestService, type TestService } from '@kun/core/testing';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zooModule } from '../fixtures/zoo/zoo.js';
import { serviceIn } from '../e2e/spawned-service.js';
import { requireDebianPackages } from './debian-packages.js';
import { ZOO_CONTROLLERS } from '../fixtures/zoo/zoo-controllers.js';

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '../..');
const FIXTURES = join(REPOSITORY, 'test/fixtures');
const BUF = join(REPOSITORY, 'node_modules/.bin/buf');

const SERVICES = [
  'BareService',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
  'zoo.next.NextKeeper',
  'zoo.old.OldKeeper',
  'zoo.v1.Annotated',
  'zoo.v1.Keeper',
  'zoo.v1.Visitor',
  'zoo.v2.Keeper',
];

let service: TestService;
let folder: string;
let client: Client;
beforeAll(async () => {
  service = await startTestService(zooModule(ZOO_CONTROLLERS), {
    overrides: { GRPCServer: { Reflection: true } },
  });
  folder = await mkdtemp(join(tmpdir(), 'kun-reflection-'));
  const definition = serviceIn(join(FIXTURES, 'reflection.proto'), 'grpc.reflection.v1.ServerReflection');
  client = new (makeGenericClientConstructor(definition, 'Reflection'))(
    service.grpcAddress,
    credentials.createInsecure(),
  );
});
afterAll(async () => {
  client.close();
  await rm(folder, { recursive: true });
  await service.close();
});

interface Answer {
  readonly original_request: object;
  readonly file_descriptor_response?: { readonly file_descriptor_proto: Buffer[] };
  readonly all_extension_numbers_response?: object;
  readonly list_services_response?: object;
  readonly error_response?: { readonly error_code: number; readonly error_message: string };
}

/** The answers to the requests, of one stream. */
async function ask(...requests: readonly object[]): Promise<Answer[]> {
  const { ServerReflectionInfo: open } = client as unknown as Record<
    string,
    () => ClientDuplexStream<object, Answer>
  >;
  const stream = open?.call(client);
  if (!stream) throw new Error('the client has no such method');
  const answers: Answer[] = [];
  stream.on('data', (answer: Answer) => answers.push(answer));
  const ended = once(stream, 'end');
  for (const request of requests) stream.write(request);
  stream.end();
  await ended;
  return answers;
}

/** Served for the comparison with another language's messages, and not here. */
const ELSEWHERE = 'zoo/v1/mirror.proto';

const filesOf = ({ file_descriptor_response: files }: Answer = {} as Answer): Buffer[] =>
  files?.file_descriptor_proto ?? [];

/** All of the zoo, as buf's compiler has it. */
async function compiledByBuf(): Promise<Buffer> {
  const root = join(folder, 'buf');
  await cp(join(FIXTURES, 'zoo/proto'), root, { recursive: true });
  await cp(join(FIXTURES, 'zoo/shared'), root, { recursive: true });
  await cp(join(REPOSITORY, 'node_modules/protobufjs/google/api'), join(root, 'google/api'), {
    recursive: true,
    filter: (path) => !path.endsWith('.json'),
  });
  const output = join(folder, 'zoo.binpb');
  await run(BUF, ['build', root, '--exclude-source-info', '--as-file-descriptor-set', '-o', output]);
  return readFile(output);
}

/** Reads descriptors, and what the zoo's own options say. */
async function descriptorReader() {
  const root = new protobuf.Root();
  const zoo = join(FIXTURES, 'zoo/proto');
  const shipped = join(REPOSITORY, 'node_modules/protobufjs');
  root.resolvePath = (_, target) => join(target.startsWith('google/') ? shipped : zoo, target);
  await root.load(['zoo/v1/options.proto', 'google/api/annotations.proto'], { keepCase: true });
  const FileSet = root.lookupType('google.protobuf.FileDescriptorSet');
  const File = root.lookupType('google.protobuf.FileDescriptorProto');
  const forms = { longs: String, enums: String, bytes: String };
  return {
    set: (bytes: Buffer) =>
      FileSet.toObject(FileSet.decode(bytes), forms) as {
        file: Array<Record<string, unknown> & { name: string }>;
      },
    file: (bytes: Buffer) =>
      File.toObject(File.decode(bytes), forms) as { name: string; dependency?: string[] },
  };
}

describe('the files', () => {
  it("are those of buf's compiler, to the last option", async () => {
    const reader = await descriptorReader();
    const { file: all } = reader.set(await compiledByBuf());
    const expected = all.filter(({ name }) => name !== ELSEWHERE);
    const answers = await ask(...expected.map(({ name }) => ({ file_by_filename: name })));
    const files = new Map(
      answers.flatMap(filesOf).map((bytes) => [reader.file(bytes).name, reader.file(bytes)]),
    );
    for (const file of expected) {
      // protobufjs has its own abridgement of it.
      if (file.name === 'google/protobuf/descriptor.proto') continue;
      const given = files.get(file.name);
      if (file.name === 'zoo/old/proto2.proto') correctNumber(file);
      expect(given, file.name).toEqual(file);
    }
    expect(files.size).toBe(expected.length);
  });

  it('come with their imports first to last, each once a stream', async () => {
    const reader = await descriptorReader();
    const names = (answer: Answer | undefined) => filesOf(answer).map((bytes) => reader.file(bytes).name);
    const [first, second, third] = await ask(
      { file_containing_symbol: 'zoo.v1.Keeper' },
      { file_containing_symbol: 'zoo.v1.Visitor' },
      { file_by_filename: 'acme/money/v1/price.proto' },
    );
    expect(names(first)[0]).toBe('zoo/v1/keeper.proto');
    expect(names(first)).toContain('acme/money/v1/currency.proto');
    expect(names(first)).toContain('google/protobuf/descriptor.proto');
    expect(names(second)).toEqual(['zoo/v1/visitor.proto']);
    expect(names(third)).toEqual(['acme/money/v1/price.proto']);
  });

  /** buf writes 15000000000 as Go does, and protoc as JavaScript does. */
  function correctNumber(file: object): void {
    const text = JSON.stringify(file);
    Object.assign(file, JSON.parse(text.replace('"1.5e+10"', '"15000000000"')));
  }
});

describe('the requests of the protocol', () => {
  it.each([
    ['service', 'zoo.v1.Keeper', 'zoo/v1/keeper.proto'],
    ['method', 'zoo.v1.Keeper.Feed', 'zoo/v1/keeper.proto'],
    ['message', 'zoo.v1.FeedRequest', 'zoo/v1/keeper.proto'],
    ['field', 'zoo.v1.FeedRequest.amounts', 'zoo/v1/keeper.proto'],
    ['oneof', 'zoo.v1.FeedRequest.food', 'zoo/v1/keeper.proto'],
    ['nested message', 'zoo.v1.Kinds.Nested.Deeper', 'zoo/v1/kinds.proto'],
    ['nested enum', 'zoo.v1.Kinds.Nested.Size', 'zoo/v1/kinds.proto'],
    ['enum value', 'zoo.v1.COLOR_RED', 'zoo/v1/kinds.proto'],
    ['nested enum value', 'zoo.v1.Kinds.Nested.SIZE_SMALL', 'zoo/v1/kinds.proto'],
    ['map entry', 'zoo.v1.FeedRequest.AmountsEntry', 'zoo/v1/keeper.proto'],
    ['extension', 'zoo.old.extended', 'zoo/old/proto2.proto'],
    ['nested extension', 'zoo.old.Extender.from_inside', 'zoo/old/proto2.proto'],
    ['group', 'zoo.old.Defaults.Result', 'zoo/old/proto2.proto'],
    ['service without a package', 'BareService', 'bare.proto'],
    ['enum value without a package', 'BARE', 'bare.proto'],
    ['name with a dot before it', '.zoo.v2.Keeper', 'zoo/v2/keeper.proto'],
    ['well-known type', 'google.protobuf.Timestamp', 'google/protobuf/timestamp.proto'],
    ['health', 'grpc.health.v1.Health.Watch', 'grpc/health/v1/health.proto'],
    ['reflection', 'grpc.reflection.v1.ServerReflection', 'grpc/reflection/v1/reflection.proto'],
    ['the older one', 'grpc.reflection.v1alpha.ErrorResponse', 'grpc/reflection/v1alpha/reflection.proto'],
  ])('find the file of a %s', async (_kind, symbol, name) => {
    const reader = await descriptorReader();
    const [answer] = await ask({ file_containing_symbol: symbol });
    const [file] = filesOf(answer);
    expect(file && reader.file(file).name).toBe(name);
  });

  it('list what is served', async () => {
    const [answer] = await ask({ host: 'here', list_services: '*' });
    expect(answer).toMatchObject({
      valid_host: 'here',
      original_request: { host: 'here', list_services: '*' },
      list_services_response: { service: SERVICES.map((name) => ({ name })) },
    });
  });

  it('know extensions', async () => {
    const reader = await descriptorReader();
    const [numbers, file, none] = await ask(
      { all_extension_numbers_of_type: 'zoo.old.Open' },
      {
        file_containing_extension: {
          containing_type: 'google.protobuf.MethodOptions',
          extension_number: 72295728,
        },
      },
      { all_extension_numbers_of_type: 'zoo.v2.FeedRequest' },
    );
    expect(numbers?.all_extension_numbers_response).toEqual({
      base_type_name: 'zoo.old.Open',
      extension_number: [100, 101, 102, 150],
    });
    expect(filesOf(file).map((bytes) => reader.file(bytes).name)[0]).toBe('google/api/annotations.proto');
    expect(none?.all_extension_numbers_response).toMatchObject({ extension_number: [] });
  });

  it.each<[object, string]>([
    [{ file_by_filename: 'none.proto' }, 'the file none.proto is not known here'],
    [{ file_containing_symbol: 'zoo.v1.Kepper' }, 'the symbol zoo.v1.Kepper is not known here'],
    [{ file_containing_symbol: 'zoo.v1' }, 'the symbol zoo.v1 is not known here'],
    [
      { file_containing_extension: { containing_type: 'zoo.old.Open', extension_number: 7 } },
      'the extension 7 of zoo.old.Open is not known here',
    ],
    [{ all_extension_numbers_of_type: 'constructor' }, 'the message constructor is not known here'],
  ])('answer NOT_FOUND, and the stream goes on: %j', async (request, message) => {
    const [answer, next] = await ask(request, { list_services: '' });
    expect(answer?.error_response).toEqual({ error_code: 5, error_message: message });
    expect(next?.list_services_response).toBeDefined();
  });

  it('answer INVALID_ARGUMENT where nothing is asked', async () => {
    const [answer] = await ask({ host: 'x' });
    expect(answer?.error_response).toMatchObject({ error_code: 3 });
  });
});

describe('buf curl', () => {
  async function curl(path: string, ...flags: string[]): Promise<string> {
    const url = `http://${service.grpcAddress}${path}`;
    const { stdout } = await run(BUF, [
      'curl',
      '--http2-prior-knowledge',
      '--protocol',
      'grpc',
      ...flags,
      url,
    ]);
    return stdout;
  }
  const calls = async (method: string, ...messages: object[]) =>
    JSON.parse(
      await curl(`/${method}`, '-d', messages.map((message) => JSON.stringify(message)).join('\n')),
    ) as object;

  it.each(['v1', 'v1alpha'])('lists the services by %s', async (version) => {
    const listed = await curl('', '--list-services', '--reflect-protocol', `grpc-${version}`);
    expect(listed.trim().split('\n')).toEqual(SERVICES);
  });

  it('calls with a Timestamp, a map, an enum, a oneof, and messages of other packages and files', async () => {
    const request = {
      animal: 'bear',
      at: '2026-11-25T18:00:00Z',
      amounts: { honey: '5' },
      color: 'COLOR_BLUE',
      meat: { aString: 'fish', nested: { size: 'SIZE_NEGATIVE' }, color: 'COLOR_NEGATIVE' },
      price: { currency: 'CURRENCY_EUR', units: '3' },
      note: '',
    };
    expect(await calls('zoo.v1.Keeper/Feed', request)).toEqual({ request, paidIn: 'CURRENCY_EUR' });
  });

  it('calls each of the other services', async () => {
    expect(await calls('zoo.v1.Keeper/Watch', { animal: 'x' })).toEqual({
      aString: 'x',
      anInt64: '9007199254740993',
      nested: { size: 'SIZE_SMALL' },
    });
    expect(await calls('zoo.v1.Keeper/Count', { byInt32: { 1: 'x' } }, {})).toEqual({ int32Value: 2 });
    expect(await calls('zoo.v1.Keeper/Talk', { nested: { name: 'n' } })).toEqual({ nested: { name: 'n' } });
    expect(await calls('zoo.v1.Visitor/Pay', { units: '1' })).toEqual({});
    expect(await calls('zoo.v2.Keeper/Feed', { animal: '7' })).toEqual({ animals: ['7'] });
    expect(await calls('BareService/Say', { text: 'hi' })).toEqual({ text: 'hi' });
    expect(await calls('zoo.v1.Annotated/Do', { field: 'f', chosen: 'c' })).toEqual({
      field: 'f',
      chosen: 'c',
    });
    expect(await calls('zoo.old.OldKeeper/Get', {})).toEqual({ needed: 'x', result: { url: 'y' } });
    expect(await calls('zoo.next.NextKeeper/Get', { needed: 'n', delimited: { needed: 'd' } })).toMatchObject(
      {
        needed: 'n',
        delimited: { needed: 'd' },
      },
    );
    expect(await calls('grpc.health.v1.Health/Check', {})).toEqual({ status: 'SERVING' });
  });
});

describe("Google's own descriptors, in Python", () => {
  it('take all files', async () => {
    await requireDebianPackages('python3-protobuf');
    const answers = await ask(...SERVICES.map((name) => ({ file_containing_symbol: name })), {
      file_containing_symbol: 'zoo.v1.Scopes',
    });
    const files = [...answers].flatMap((answer) => filesOf(answer).toReversed());
    await writeFile(join(folder, 'files.json'), JSON.stringify(files.map((file) => file.toString('base64'))));
    const script = join(import.meta.dirname, 'python/descriptor_pool.py');
    const { stdout } = await run('/usr/bin/python3', [script, join(folder, 'files.json')]);
    expect(JSON.parse(stdout)).toEqual({
      methods: ['Feed', 'Watch', 'Count', 'Talk'],
      at: 'google.protobuf.Timestamp',
      amounts_is_map: true,
      note_has_presence: true,
      http: '/v1/{animal}:feed',
      // The version that Debian has is older than editions.
      refused: ['zoo/next/edition.proto', 'zoo/next/edition2024.proto'],
    });
  }, 300_000);
});
