import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigTree, freePorts } from './config-tree.js';
import { buildFixtures, type FixturePrograms } from './fixture-program.js';
import { REPOSITORY, RunningProcess, NODE } from './running-process.js';
import { SpawnedService } from './spawned-service.js';

let fixtures: FixturePrograms;
beforeAll(async () => {
  fixtures = await buildFixtures();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

/** Runs echo with the files of a tree to its end. */
async function runEcho(files: Readonly<Record<string, string | object>>, env: Record<string, string> = {}) {
  await using tree = await ConfigTree.of(files);
  const echo = new RunningProcess(NODE, [join(REPOSITORY, 'apps/echo/dist/main.js')], {
    env: { KUN_BASE: tree.base, ...env },
  });
  await using _ = echo;
  const { code } = await echo.end;
  return { code, stdout: echo.stdout, stderr: echo.stderr.replaceAll(join(tree.base, 'conf'), 'CONF') };
}

/** Runs `fixtures/bad-input.ts` with one of its defects to its end. */
async function runDefect(defect: string, config: Record<string, Record<string, unknown>> = {}) {
  await using service = await SpawnedService.spawn({
    main: fixtures.main('bad-input'),
    service: 'kinds',
    // No line of the log hides what the program says itself.
    config: { Logger: { Level: 'fatal' }, ...config },
    env: { DEFECT: defect },
  });
  const { code } = await service.end;
  const { stdout, stderr, lines } = service.process;
  return {
    code,
    lines,
    stdout: stdout.replace(/^\{.*\n/gm, ''),
    stderr: stderr.replaceAll(join(fixtures.main('x'), '..'), 'APP'),
  };
}

describe('a configuration that is wrong', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['has no Service layer', {}, ['CONF/echo/public.yaml: ', 'required']],
    [
      'is no YAML',
      { 'echo/public.yaml': 'GRPCServer:\n  Port: 1\n  Address: "0.0.0.0\n' },
      ['CONF/echo/public.yaml:3:12: the quote that opens here is not closed'],
    ],
    [
      'is indented with a tab',
      { 'echo/public.yaml': 'GRPCServer:\n\tPort: 1\n' },
      ['CONF/echo/public.yaml:2:', 'tab'],
    ],
    [
      'has a value of a wrong type',
      { 'echo/public.yaml': 'GRPCServer:\n  Port: fifty\n' },
      [
        'CONF/echo/public.yaml:2:9 GRPCServer.Port: expected a',
        'from 1 to 65535',
        'found the string "fifty"',
      ],
    ],
    [
      'has a key that nobody knows',
      { 'echo/public.yaml': 'GRPCServer:\n  Reflecton: yes\n' },
      [
        'CONF/echo/public.yaml:2:3 GRPCServer.Reflecton: is not a known key; did you mean GRPCServer.Reflection?',
      ],
    ],
    [
      "has a wrong value at the service's own key",
      { 'echo/public.yaml': 'Echo:\n  Greeting: [1]\n' },
      ['CONF/echo/public.yaml:2:13 Echo.Greeting: expected a string'],
    ],
    [
      'has one port for two',
      { 'echo/public.yaml': 'AdminPort: 4000\nGRPCServer:\n  Port: 4000\n' },
      ['CONF/echo/public.yaml:1:12 AdminPort: port 4000 is already used by GRPCServer.Port; choose another'],
    ],
  ])('%s', async (_name, files, parts) => {
    const { code, stdout, stderr } = await runEcho(files);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\{"level":"error",[^\n]*"type":"ConfigError",[^\n]*\}\n$/);
    expectOneMessage(stderr);
    for (const part of parts) expect(stderr).toContain(part);
  });

  it('has problems in several layers, which are told at once and in the order of the layers', async () => {
    const { stderr } = await runEcho(
      {
        'public.yaml': 'Logger:\n  Level: loud\n',
        'echo/public.yaml': 'GRPCServer:\n  Prot: 1\n',
        'echo/blue/public.yaml': 'Echo: 1\n',
        'echo/blue/i-1/public.yaml': 'GRPCDial:\n  Timeout: soon\n',
      },
      { KUN_CLUSTER: 'blue', KUN_INSTANCE: 'i-1' },
    );
    expectOneMessage(stderr);
    const places = [...stderr.matchAll(/CONF\/(\S+) (\S+):/g)].map(([, place, key]) => `${place} ${key}`);
    expect(places).toEqual([
      'public.yaml:2:10 Logger.Level',
      'echo/public.yaml:2:3 GRPCServer.Prot',
      'echo/blue/public.yaml:1:7 Echo',
      'echo/blue/i-1/public.yaml:2:12 GRPCDial.Timeout',
    ]);
  });

  it('belongs to a service whose name cannot be one', async () => {
    const { code, stderr } = await runEcho({}, { KUN_SERVICE: '../etc' });
    expect(code).toBe(1);
    expectOneMessage(stderr);
    expect(stderr).toContain('KUN_SERVICE is "../etc", but must be');
  });
});

describe("kunapp's own sample", () => {
  const sample = () => readFile(join(REPOSITORY, 'test/fixtures/kunapp.yaml'), 'utf8');

  it('is refused for its one mistake only, with the place and the likely word', async () => {
    const { code, stderr } = await runEcho({ 'echo/public.yaml': await sample() });
    expect(code).toBe(1);
    expect(stderr.match(/CONF\/echo\/public\.yaml/g)).toHaveLength(1);
    expect(stderr).toContain(
      'CONF/echo/public.yaml:5:22 GRPCDial.Insecure: expected a boolean, found the string "tru"; did you mean true?',
    );
  });

  it('is accepted unchanged with that word mended', async () => {
    const [grpc, admin] = await freePorts(2);
    await using tree = await ConfigTree.of({
      'kinds/public.yaml': (await sample()).replace(/\btru$/m, 'true'),
      // The sample names no ports, and those of the default may be taken here.
      'kinds/default/public.yaml': { GRPCServer: { Port: grpc }, AdminPort: admin },
    });
    await using service = new RunningProcess(NODE, [fixtures.main('ordered')], {
      env: { KUN_BASE: tree.base },
    });
    expect(await service.line(({ msg }) => msg === 'serving')).toMatchObject({ ports: { grpc, admin } });
    // Valid, and of no use to a service without upstreams.
    expect(service.lines.filter(({ level }) => level !== 'info').map(({ msg }) => msg)).toEqual([
      expect.stringContaining('GRPCDial.WithProxyPort: has no effect'),
    ]);
    service.kill('SIGTERM');
    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(service.stderr).toBe('');
  });
});

describe('a port in use', () => {
  it.each([
    [
      'GRPCServer',
      'Port',
      /^cannot start: GRPCServer\.Port: port \d+ is in use; .*, or set GRPCServer\.Port to a free port$/,
    ],
    [
      'HTTPServer',
      'Port',
      /^cannot start: HTTPServer\.Port: port \d+ is in use; .*, or set HTTPServer\.Port to a free port, or 0 for no HTTP port$/,
    ],
    [
      'AdminPort',
      '',
      /^cannot start: AdminPort: port \d+ is in use; .*, or set AdminPort to a free port, or 0 for no admin port$/,
    ],
  ] as const)('%s %s', async (section, key, message) => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const config = key
      ? { [section]: { [key]: port } }
      : { [section]: port as unknown as Record<string, unknown> };
    const { code, stdout, stderr } = await runDefect('complete', config);
    taken.close();
    expect(code).toBe(1);
    expectOneMessage(stderr);
    expect(stderr).toContain(String(port));
    expect(stderr.trimEnd()).toMatch(message);
    // The admin port is the first step, so nothing had to be undone there.
    expect(stdout).toBe(section === 'AdminPort' ? '' : 'resource opened\nresource closed\n');
  });
});

describe('a proto and handlers that do not match', () => {
  it.each([
    ['proto that does not parse', "APP/broken.proto:6: illegal token 'return', 'returns' expected", ''],
    ['proto that imports one that does not parse', "APP/broken.proto:6: illegal token 'return'", ''],
    [
      'proto that imports what is not there',
      'APP/lost-import.proto:10: imports acme/lost.proto, which is not in APP',
      '',
    ],
    [
      'proto that is not there',
      'APP/missing.proto: no such proto file; check "path" of package kun.test.v1',
      '',
    ],
    [
      'proto package that is not in the file',
      'no service in package "kun.test.v2"; the file has kun.test.v1.Kinds',
      '',
    ],
    [
      'RPC without handler',
      'RPCs without a handler: /kun.test.v1.Kinds/Watch, /kun.test.v1.Kinds/Collect; handlers without an RPC: Kinds.Collect (single request) in LackingController.collect (FILE), which takes a request stream: use @GrpcStreamMethod or @GrpcStreamCall. Every RPC',
      'resource opened\nresource closed\n',
    ],
    [
      'handler without RPC',
      'handlers without an RPC: Kinds.Delete (single request) in SurplusController.remove (FILE). Every RPC',
      'resource opened\nresource closed\n',
    ],
    [
      'misspelt RPC and service',
      'Kinds.Wach (single request) in MisspeltController.wach (FILE), did you mean Kinds.Watch?, ' +
        'Kind.Watch (single request) in MisspeltController.kind (FILE), did you mean Kinds.Watch?, ' +
        'Shop.Buy (single request) in MisspeltController.shop (FILE), expected one of the services kun.test.v1.Kinds. Every RPC',
      'resource opened\nresource closed\n',
    ],
    [
      'two handlers for an RPC',
      'RPCs with more than one handler: Kinds.Unary. Every RPC',
      'resource opened\nresource closed\n',
    ],
  ])('%s', async (defect, message, said) => {
    const { code, stdout, stderr } = await runDefect(defect);
    expect(code).toBe(1);
    expectOneMessage(stderr);
    expect(stderr.replaceAll(/[^(]*bad-input\.js:\d+(?=\))/g, 'FILE')).toContain(message);
    expect(stdout).toBe(said);
  });
});

describe('an application that is wrong', () => {
  it.each([
    [
      'unknown channel option',
      /KunModule\.forRoot\(\{ channelOptions \}\): the server of the engine (?:kun|grpc-js) does not read the channel option grpc\.keepalive_time \(did you mean grpc\.keepalive_time_ms\?\); remove/,
    ],
    ['unknown option', 'KunModule.forRoot(...): there is no option intercepters; did you mean interceptors?'],
    ['option of another kind', 'KunModule.forRoot(...): channelOptions: expected an object, found a string'],
    [
      'interceptor that is none',
      'KunModule.forRoot({ interceptors }), entry 1: an object of Object is not an interceptor: pass a function',
    ],
    [
      'interceptor without intercept',
      'entry 1: Resource is a class without intercept(next): make it implement',
    ],
    [
      'interceptor that nobody provides',
      'entry 1: "audit" is not provided by any module: add it to a module\'s providers',
    ],
    [
      'interceptor that gives nothing',
      'entry 1: a function does not return a handler: return a function of the call',
    ],
    [
      'no KunModule',
      'the root module does not import KunModule.forRoot({ service, proto }); add it to its imports',
    ],
    ['service name', 'the option service is "../etc", but must be'],
  ])('%s', async (defect, message) => {
    const { code, stderr } = await runDefect(defect);
    expect(code).toBe(1);
    expectOneMessage(stderr);
    expect(stderr).toMatch(message);
  });

  it.each([
    [
      'failing onModuleInit',
      'cannot start (Nest): Error: the database is away',
      'FailingInit.onModuleInit (file://APP/bad-input.js',
      'resource opened\nresource closed\n',
    ],
    [
      'failing start callback',
      'cannot start (start callback "warm cache"): Error: the cache is cold',
      'at file://APP/bad-input.js',
      'resource opened\ncache closed\nresource closed\n',
    ],
    ['unresolved dependency', "Nest can't resolve dependencies of the NeedsMissing (?)", 'NotProvided', ''],
  ])('%s: says where the user failed, and undoes what had started', async (defect, message, place, said) => {
    const { code, stdout, stderr } = await runDefect(defect);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain(place);
    expect(stderr.match(/^cannot start/gm)).toHaveLength(1);
    expect(stderr).not.toContain('kun-core');
    expect(stdout).toBe(said);
  });
});

describe('a start that fails', () => {
  it.each([
    ['proto that does not parse', { type: 'ProtoError' }],
    ['RPC without handler', { phase: 'gRPC port', type: 'HandlerCoverageError' }],
    ['failing onModuleInit', { phase: 'Nest', err: { message: 'the database is away' } }],
    [
      'failing start callback',
      { phase: 'start callback "warm cache"', err: { message: 'the cache is cold' } },
    ],
    ['unresolved dependency', { err: { type: 'UnknownDependenciesException' } }],
    ['no KunModule', { type: 'RootModuleError' }],
    ['service name', { type: 'IdentityError' }],
  ])('is one line of the log, too, and nothing there says otherwise: %s', async (defect, fields) => {
    const { lines, stderr } = await runDefect(defect, { Logger: { Level: 'info' } });
    const told = lines.filter(({ level }) => level !== 'info');
    expect(told).toEqual([expect.objectContaining({ level: 'error' })]);
    expect(told).toMatchObject([fields]);
    // Its first line at least: a stack has a field of its own there.
    expect(stderr).toContain(told[0]?.msg.split('\n')[0]?.split('/').at(-1));
    expect(lines.filter(({ msg }) => /successfully started|^stopped$/.test(msg))).toEqual([]);
    // Start callbacks run in a service that serves.
    expect(lines.some(({ msg }) => msg === 'serving')).toBe(defect === 'failing start callback');
  });

  it.each<[string, Record<string, string | object>]>([
    ['without a Service layer', {}],
    ['with a wrong value', { 'echo/public.yaml': 'GRPCServer:\n  Port: fifty\n' }],
  ])('is one line of the log %s of the configuration', async (_, files) => {
    const { stdout, stderr } = await runEcho(files, { KUN_INSTANCE: 'echo-7' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { level: 'error', type: 'ConfigError', service: 'echo', instance: 'echo-7' },
    ]);
    expect(stderr).toContain(String(lines[0]?.['msg']).split('\n')[0]);
  });

  it('is told once where lines are for people', async () => {
    const { lines, stdout, stderr } = await runDefect('failing onModuleInit', {
      Logger: { Level: 'info', Development: true },
    });
    expect(lines).toEqual([]);
    expect(`${stdout}${stderr}`.match(/the database is away/g)).toHaveLength(1);
  });
});

/** One message, with neither a stack nor a warning of Node's. */
function expectOneMessage(stderr: string): void {
  expect(stderr).toMatch(/^cannot start: .+/);
  expect(stderr.match(/^\S/gm)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
}
