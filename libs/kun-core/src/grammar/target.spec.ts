import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTarget } from './target.js';

const problemOf = (text: string) => {
  const reading = readTarget(text);
  return 'problem' in reading ? reading.problem : undefined;
};

describe('a target', () => {
  it.each([
    ['orders:1', { kind: 'name', host: 'orders', port: 1 }],
    ['a_b.c-d.svc.cluster.local.:65535', { kind: 'name', host: 'a_b.c-d.svc.cluster.local.', port: 65_535 }],
    ['DNS:orders:1', { kind: 'name', hostPort: 'orders:1' }],
    ['dns:///[::1]:1', { kind: 'address', host: '::1', hostPort: '[::1]:1' }],
    ['dns:1', undefined],
    ['10.0.0.1:50051', { kind: 'address', host: '10.0.0.1' }],
    ['[fe80::1%eth0]:1', { kind: 'address', host: 'fe80::1%eth0' }],
    ['ipv4:10.0.0.1:1', { kind: 'address', host: '10.0.0.1', hostPort: '10.0.0.1:1' }],
    ['ipv4:10.0.0.1:1,10.0.0.2:2', { kind: 'addresses', written: 'ipv4:10.0.0.1:1,10.0.0.2:2' }],
    ['unix:run/a.sock', { kind: 'unix', written: 'unix:run/a.sock' }],
  ])('%s', (text, target) => {
    const reading = readTarget(text);
    if (target) expect(reading).toMatchObject({ target });
    else expect(reading).toMatchObject({ target: { kind: 'name', host: 'dns', port: 1 } });
  });

  it.each([
    ['localhost:99999', 'has the port 99999'],
    ['ipv4:127.0.0.1:99999', 'has the port 99999'],
    [
      'ipv4:127.0.0.1:1,127.0.0.2',
      'has "127.0.0.2", which is no ipv4 address and port; write 10.0.0.1:50051',
    ],
    ['ipv4:orders:1', 'which is no ipv4 address'],
    ['ipv6:::1:1', 'which is no ipv6 address and port; write [::1]:50051'],
    ['ipv6:[::1]:0', 'has the port 0'],
    ['10.0.0.256:1', 'looks like an IPv4 address but is not one'],
    ['a..b:1', 'cannot be the name of a host'],
    ['-a:1', 'cannot be the name of a host'],
    ['bücher.example:1', 'write an international name in its ASCII form'],
    [`${'a.'.repeat(130)}a:1`, 'cannot be the name of a host'],
    [
      'dns://10.0.0.53/orders:1',
      "names the DNS server 10.0.0.53, but the host's own is asked; write dns:///orders:1",
    ],
    ['orders', 'is not a host and port'],
    ['orders:', 'has the scheme orders'],
    ['orders:http', 'scheme orders'],
    ['user@orders:1', 'cannot be the name of a host'],
    ['unix:', 'names no socket'],
    ['unix://relative', 'names no socket'],
    ['unix-abstract:a', 'has the scheme unix-abstract'],
    ['vsock:1:1', 'has the scheme vsock'],
  ])('%s is refused', (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it('of any text is read or refused, and what is read has a port that there is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z0-9:/.,[\]%-]{0,30}$/)),
        (text) => {
          const reading = readTarget(text);
          if ('problem' in reading) expect(reading.problem).toMatch(/^(is|has|names) /);
          else if ('port' in reading.target) {
            expect(reading.target.port).toBeGreaterThan(0);
            expect(reading.target.port).toBeLessThan(65_536);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
