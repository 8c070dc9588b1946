import { Metadata } from '@grpc/grpc-js';
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runInCall } from '../rpc/current-call.js';
import { hasRoutes, routeAttributes, NO_ROUTES, type Routes } from '../rpc/call-values.js';
import { FakeCall } from '../testing/fake-call.js';
import { outgoingRoutes } from './route-scope.js';
import { outgoingRoutesInterceptor, routesInterceptor, type DroppedRoute } from './routes-interceptors.js';

/** What a server with this list makes of the metadata, and what it drops. */
function server(allow: string[]) {
  const drops: string[] = [];
  const onDropped = ({ entry, reason, first }: DroppedRoute) => drops.push(`${entry} ${reason} ${first}`);
  const handler = routesInterceptor(allow, { onDropped })((call) => (call as FakeCall).ended);
  const receive = (metadata: Metadata | Record<string, string>): FakeCall => {
    const call = new FakeCall({ metadata });
    void handler(call);
    return call;
  };
  return { drops, receive };
}

/** The metadata that a client sends with these routes. */
function sent(routes: Routes, metadata: Record<string, string> = {}): Metadata {
  const call = new FakeCall({ side: 'client', routes, metadata });
  void outgoingRoutesInterceptor()(() => call.ended)(call);
  return call.metadata;
}

describe('routesInterceptor', () => {
  it('takes what is on the list, by its spelling there, and nothing else', () => {
    const { receive } = server(['AccountId', 'x-route-*']);
    const metadata = { accountid: '42', 'x-route-color': 'red', 'x-canary': 'always', 'x-request-id': 'r' };
    const { routes } = receive(metadata);
    expect(routes).toEqual({ AccountId: '42', 'x-route-color': 'red' });
    expect(Object.isFrozen(routes)).toBe(true);
  });

  it('takes nothing without a list, and nothing from a caller that sends nothing', () => {
    expect(server([]).receive({ accountid: '42' }).routes).toBe(NO_ROUTES);
    expect(server(['AccountId']).receive({}).routes).toBe(NO_ROUTES);
  });

  it('leaves out what is invalid, and says so once for each kind', () => {
    const { drops, receive } = server(['AccountId', 'Region', 'x-route-*']);
    const metadata = new Metadata();
    metadata.set('accountid', 'x'.repeat(257));
    metadata.add('region', 'eu');
    metadata.add('region', 'us');
    metadata.set('x-route-a-bin', Buffer.from('1'));
    metadata.set('x-route-ok', '1');
    expect(receive(metadata).routes).toEqual({ 'x-route-ok': '1' });
    const kinds = ['AccountId value', 'Region repeated', 'x-route-* name'];
    expect(drops.splice(0)).toEqual(kinds.map((kind) => `${kind} true`));
    receive(metadata);
    expect(drops).toEqual(kinds.map((kind) => `${kind} false`));
  });

  it('bounds what a caller can make it carry', () => {
    const { drops, receive } = server(['x-route-*']);
    const many = Array.from({ length: 100 }, (_, index) => [`x-route-${index}`, 'x'.repeat(100)]);
    const { routes } = receive(Object.fromEntries(many) as Record<string, string>);
    const bytes = Object.entries(routes).reduce(
      (sum, [name, value]) => sum + name.length + value.length + 32,
      0,
    );
    expect(bytes).toBeGreaterThan(1800);
    expect(bytes).toBeLessThanOrEqual(2048);
    expect(drops[0]).toBe('x-route-* total true');
  });

  it('refuses a list with names that are no routes', () => {
    expect(() => routesInterceptor(['grpc-timeout'])).toThrow(TypeError);
    expect(() => routesInterceptor(['*'])).toThrow(TypeError);
  });

  it('makes only what can be sent on', () => {
    const { receive } = server(['a']);
    assert(
      property(string(), (value) => {
        const metadata = new Metadata();
        try {
          metadata.set('a', value);
        } catch {
          return;
        }
        const { routes } = receive(metadata);
        expect(runInCall(new FakeCall({ routes }), () => outgoingRoutes({ b: '1' }))).toEqual({
          ...routes,
          b: '1',
        });
      }),
    );
  });
});

describe('outgoingRoutesInterceptor', () => {
  it('writes the routes as metadata, over what was there', () => {
    expect(sent({ AccountId: '42' }, { accountid: '1', other: 'x' }).getMap()).toEqual({
      accountid: '42',
      other: 'x',
    });
    expect(sent(NO_ROUTES).getMap()).toEqual({});
  });

  it('goes through any number of hops, and what is off a list stops there', () => {
    const hop = (metadata: Metadata, allow: string[]) =>
      sent(runInCall(server(allow).receive(metadata), () => outgoingRoutes()));
    const first = sent({ AccountId: '42', color: 'red' });
    const second = hop(first, ['AccountId', 'color']);
    const third = hop(second, ['accountid']);
    expect(third.getMap()).toEqual({ accountid: '42' });
  });
});

describe('the fields of routes', () => {
  it('are one of a line and several of a span, and none without routes', () => {
    expect(hasRoutes({ AccountId: '42' })).toBe(true);
    expect(hasRoutes(NO_ROUTES)).toBe(false);
    expect(routeAttributes({ AccountId: '42' })).toEqual({ 'kun.route.accountid': '42' });
  });
});
