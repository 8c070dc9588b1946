import { describe, expect, it } from 'vitest';
import { dial } from './target.js';

const plain = { authority: undefined, serverName: undefined };
const NAME = 'orders.shop.svc.cluster.local';

describe('how a target is dialled', () => {
  it.each([
    [`${NAME}:50051`, `dns:///${NAME}:50051`, 'round_robin'],
    [`dns:///${NAME}:50051`, `dns:///${NAME}:50051`, 'round_robin'],
    [`dns:${NAME}:50051`, `dns:///${NAME}:50051`, 'round_robin'],
    ['localhost:1', 'dns:///localhost:1', 'round_robin'],
    ['10.0.0.1:50051', '10.0.0.1:50051', 'pick_first'],
    ['[::1]:50051', '[::1]:50051', 'pick_first'],
    ['ipv4:10.0.0.1:1,10.0.0.2:1', 'ipv4:10.0.0.1:1,10.0.0.2:1', 'round_robin'],
    ['ipv4:10.0.0.1:1', '10.0.0.1:1', 'pick_first'],
    ['ipv6:[::1]:1,[::2]:1', 'ipv6:[::1]:1,[::2]:1', 'round_robin'],
    ['unix:/run/orders.sock', 'unix:/run/orders.sock', 'pick_first'],
    ['unix:///run/orders.sock', 'unix:///run/orders.sock', 'pick_first'],
  ])('%s directly', (target, address, loadBalancing) => {
    expect(dial({ name: 'orders', target })).toMatchObject({ address, loadBalancing, ...plain });
  });

  it.each([
    [`${NAME}:50051`, `${NAME}:50051`, NAME],
    [`dns:///${NAME}:50051`, `${NAME}:50051`, NAME],
    ['10.0.0.1:50051', '10.0.0.1:50051', '10.0.0.1'],
  ])('%s through the sidecar', (target, authority, serverName) => {
    expect(dial({ name: 'orders', target, proxyPort: 15003 })).toMatchObject({
      address: '127.0.0.1:15003',
      authority,
      serverName,
      loadBalancing: 'pick_first',
    });
  });

  it.each([
    [NAME, /^upstream orders: the target "orders\.shop.*" is not a host and port; write host:port/],
    ['', /is not a host and port/],
    [':50051', /is not a host and port/],
    ['orders:0', /has the port 0; ports go from 1 to 65535$/],
    ['localhost:99999', /has the port 99999; ports go from 1 to 65535$/],
    ['ipv4:127.0.0.1:99999', /has the port 99999; ports go from 1 to 65535$/],
    ['2001:db8::1', /is not a host and port/],
    ['[orders]:1', /is not a host and port/],
    ['orders:50051/path', /scheme orders|no host and port/],
    ['http://orders:50051', /has the scheme http, which cannot be dialled.* dns, ipv4, ipv6, unix$/],
    ['xds:///orders', /has the scheme xds/],
  ])('%s is refused', (target, message) => {
    expect(() => dial({ name: 'orders', target })).toThrow(message);
  });

  it.each(['unix:/run/a.sock', 'ipv4:10.0.0.1:1'])('%s cannot go through a proxy', (target) => {
    expect(() => dial({ name: 'orders', target, proxyPort: 15003 })).toThrow(
      /no name that a proxy could route by/,
    );
  });
});
