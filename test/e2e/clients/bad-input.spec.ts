import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildFixtures, type FixturePrograms } from '../fixture-program.js';
import { SpawnedService } from '../spawned-service.js';

type Config = Record<string, Record<string, unknown>>;

let fixtures: FixturePrograms;
beforeAll(async () => {
  fixtures = await buildFixtures();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const TARGET = { Upstreams: { cache: { Target: 'localhost:1' } } };

/** Runs `fixtures/bad-client.ts` with one of its defects to its end. */
async function runDefect(defect: string, config: Config) {
  await using service = await SpawnedService.spawn({
    main: fixtures.main('bad-client'),
    service: 'kinds',
    config: { Logger: { Level: 'fatal' }, ...config },
    env: { DEFECT: defect },
  });
  const { code } = await service.end;
  const { stdout, stderr } = service.process;
  const folder = join(fixtures.main('x'), '..');
  return { code, stdout, stderr: stderr.replaceAll(folder, 'APP').replaceAll(/\S+\/conf\//g, 'CONF/') };
}

/** What is wrong with the configuration itself is logged before its `Logger.Level` is known. */
const AT_MOST_ITS_LINE = /^(?:\{"level":"error",[^\n]*"msg":"cannot start[^\n]*\}\n)?$/;

describe('an upstream that is wrong is refused at start', () => {
  it.each<[string, Config, string[]]>([
    ['no target', {}, ['upstream "cache" has no address: set Upstreams.cache.Target to host:port']],
    [
      'a name in the configuration that no client has',
      { Upstreams: { cahce: { Target: 'localhost:1' } } },
      [
        'CONF/kinds/default/public.yaml:1:',
        'Upstreams.cahce: is not a client of this service; did you mean Upstreams.cache?',
      ],
    ],
    [
      'a target without a port',
      { Upstreams: { cache: { Target: 'cache.shop' } } },
      ['CONF/kinds/default/public.yaml:1:', 'Upstreams.cache.Target: ', 'host:port', 'cache.shop'],
    ],
    [
      'a port that there is not',
      { Upstreams: { cache: { Target: 'localhost:99999' } } },
      [
        'CONF/kinds/default/public.yaml:1:',
        'Upstreams.cache.Target: has the port 99999; ports go from 1 to 65535',
      ],
    ],
    [
      'an address of such a port',
      { Upstreams: { cache: { Target: 'ipv4:127.0.0.1:99999' } } },
      ['CONF/kinds/default/public.yaml:1:', 'Upstreams.cache.Target: has the port 99999'],
    ],
    [
      'a name server that is not asked',
      { Upstreams: { cache: { Target: 'dns://10.0.0.53/cache.shop:1' } } },
      [
        'CONF/kinds/default/public.yaml:1:',
        "names the DNS server 10.0.0.53, but the host's own is asked; write dns:///cache.shop:1",
      ],
    ],
    [
      'a code that is none',
      { Upstreams: { cache: { Target: 'localhost:1', Retry: { Codes: ['UNAVAILABEL'] } } } },
      [
        'CONF/kinds/default/public.yaml:1:',
        'Upstreams.cache.Retry.Codes',
        'UNAVAILABEL',
        'did you mean UNAVAILABLE?',
      ],
    ],
    [
      'more attempts than there may be',
      { GRPCDial: { Retry: { MaxAttempts: 50 } }, ...TARGET },
      [
        'CONF/kinds/default/public.yaml:1:',
        'GRPCDial.Retry.MaxAttempts: expected a whole number of attempts from 1 to 10',
      ],
    ],
    [
      'a method that it does not have',
      { Upstreams: { cache: { Target: 'localhost:1', Methods: { Unray: { CallTimeout: 1 } } } } },
      ['Upstreams.cache.Methods.Unray is not a method of the upstream; did you mean Unary?'],
    ],
    [
      'a key that nobody knows',
      { Upstreams: { cache: { Target: 'localhost:1', CallTimout: 1 } } },
      ['Upstreams.cache.CallTimout: is not a known key; did you mean Upstreams.cache.CallTimeout?'],
    ],
    [
      'a policy for errors that is none',
      { Upstreams: { cache: { Target: 'localhost:1', Errors: 'mapp' } } },
      ['Upstreams.cache.Errors: ', 'did you mean map?'],
    ],
    [
      'nobody there, where the start is to wait',
      { Upstreams: { cache: { Target: 'localhost:1', Block: true, Timeout: 0.2 } } },
      [
        'upstream cache (localhost:1) was not reached within 200 ms; last seen: ',
        'ECONNREFUSED',
        'Check that it is running there, or increase the timeout',
      ],
    ],
    [
      'a certificate without its key',
      { Upstreams: { cache: { Target: 'localhost:1', TLS: { Cert: '/tmp/none.crt' } } } },
      ['Upstreams.cache.TLS: needs Key as well: a certificate and its private key go together'],
    ],
    [
      'certificates that are not there',
      { Upstreams: { cache: { Target: 'localhost:1', TLS: { CA: '/nowhere/ca.crt' } } } },
      ['/nowhere/ca.crt cannot be read: ENOENT'],
    ],
  ])('by its configuration: %s', async (_name, config, parts) => {
    const { code, stdout, stderr } = await runDefect('', config);
    expect(code).toBe(1);
    expect(stdout).toMatch(AT_MOST_ITS_LINE);
    expectOneMessage(stderr);
    for (const part of parts) expect(stderr).toContain(part);
  });

  it.each<[string, string]>([
    ['service name', 'kinds.proto has no service kun.test.v1.Kindz; did you mean kun.test.v1.Kinds?'],
    ['package name', 'no service in package "kun.test.v2"; the file has kun.test.v1.Kinds'],
    ['proto that is not there', 'APP/missing.proto: no such proto file; check "path" of package kun.test.v1'],
    ['proto that does not parse', "APP/broken.proto:6: illegal token 'return', 'returns' expected"],
    ['channel option', 'did you mean grpc.max_receive_message_length?'],
  ])('by its registration: %s (%s)', async (defect, part) => {
    const { code, stdout, stderr } = await runDefect(defect, TARGET);
    expect(code).toBe(1);
    expect(stdout).toMatch(AT_MOST_ITS_LINE);
    expectOneMessage(stderr);
    expect(stderr).toContain(part);
  });

  it.each<[string, string]>([
    [
      'target without a port',
      'upstream cache: the target "cache.shop" is not a host and port; write host:port',
    ],
    ['unknown scheme', 'the target "http://cache.shop:80" has the scheme http, which cannot be dialled'],
  ])('by its registration alone: %s', async (defect, part) => {
    const { code, stderr } = await runDefect(defect, {});
    expect(code).toBe(1);
    expectOneMessage(stderr);
    expect(stderr).toContain(part);
  });

  it('with a name that is not registered, at the injection', async () => {
    const { code, stderr } = await runDefect('injected name', TARGET);
    expect(code).toBe(1);
    expectOneMessage(stderr);
    expect(stderr).toContain(
      'WantsCahce asks for the upstream "cahce", which no KunClientModule.register(...) names; did you mean "cache"?',
    );
  });
});

/** One message, with neither a stack nor a warning of Node's. */
function expectOneMessage(stderr: string): void {
  expect(stderr).toMatch(/^cannot start: .+/);
  expect(stderr.match(/^\S/gm)).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
}
