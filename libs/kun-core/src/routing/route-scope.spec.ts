import { asyncProperty, assert, dictionary, constantFrom, option, stringMatching, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runInCall } from '../rpc/current-call.js';
import { NO_ROUTES } from '../rpc/call-values.js';
import { deferred } from '../testing/deferred.js';
import { FakeCall } from '../testing/fake-call.js';
import { RouteError } from './route-changes.js';
import { outgoingRoutes, routes } from './route-scope.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('routes.with', () => {
  it('holds through await, timers and iterators, and ends with its scope', async () => {
    async function* items() {
      yield routes.current();
      await tick();
      yield routes.current();
    }
    const seen = await routes.with({ AccountId: '42' }, async () => {
      const timer = new Promise((resolve) => setTimeout(() => resolve(routes.current()), 0));
      const found: unknown[] = [routes.current(), await timer];
      for await (const item of items()) found.push(item);
      return found;
    });
    expect(seen).toEqual(Array.from({ length: 4 }, () => ({ AccountId: '42' })));
    expect(routes.current()).toBe(NO_ROUTES);
  });

  it('adds to the incoming call: scopes over it, the call’s own over them', () => {
    const call = new FakeCall({ routes: { AccountId: '1', Region: 'eu', color: 'red' } });
    const [inner, own] = runInCall(call, () =>
      routes.with({ color: 'blue', Region: undefined }, () =>
        routes.with({ 'x-canary': 'always' }, () => [
          routes.current(),
          outgoingRoutes({ COLOR: 'green', 'x-canary': undefined, Region: 'us' }),
        ]),
      ),
    );
    expect(inner).toEqual({ AccountId: '1', color: 'blue', 'x-canary': 'always' });
    expect(own).toEqual({ AccountId: '1', color: 'green', Region: 'us' });
    expect(Object.isFrozen(own)).toBe(true);
  });

  it('takes what travels by itself without a copy', () => {
    const call = new FakeCall({ routes: { AccountId: '1' } });
    expect(runInCall(call, () => outgoingRoutes())).toBe(call.routes);
  });

  it('never reaches a call that begins within it', () => {
    const [first, second] = [new FakeCall({ routes: { a: '1' } }), new FakeCall({ routes: { a: '2' } })];
    // A server started in a scope, and a callback of one call that runs as code of another.
    const started = routes.with({ tenant: 'x' }, () => runInCall(first, () => routes.current()));
    expect(started).toEqual({ a: '1' });
    const shared = runInCall(first, () =>
      routes.with({ tenant: 'x' }, () => runInCall(second, () => routes.current())),
    );
    expect(shared).toEqual({ a: '2' });
  });

  it('does not mix calls that run at the same time', async () => {
    const release = deferred();
    const one = async (id: string) =>
      runInCall(new FakeCall({ routes: { inbound: id } }), () =>
        routes.with({ AccountId: id }, async () => {
          await release.promise;
          await tick();
          return routes.current();
        }),
      );
    const all = ['1', '2', '3'].map(one);
    release.resolve();
    expect(await Promise.all(all)).toEqual(['1', '2', '3'].map((id) => ({ inbound: id, AccountId: id })));
  });

  it('merges as plain maps without regard to case would, at any depth', async () => {
    const changes = dictionary(
      constantFrom('a', 'A', 'b', 'B-c', 'b-C'),
      option(stringMatching(/^\w{1,5}$/), { nil: undefined }),
    );
    const expected = (...all: Array<Record<string, string | undefined>>) => {
      const map = new Map<string, string>();
      for (const [name, value] of all.flatMap((each) => Object.entries(each))) {
        if (value === undefined) map.delete(name.toLowerCase());
        else map.set(name.toLowerCase(), value);
      }
      return Object.fromEntries(map);
    };
    await assert(
      asyncProperty(tuple(changes, changes, changes), async ([outer, inner, own]) => {
        const found = await routes.with(outer, async () => {
          await Promise.resolve();
          return routes.with(inner, () => outgoingRoutes(own));
        });
        const lowered = Object.entries(found).map(([name, value]) => [name.toLowerCase(), value]);
        expect(Object.fromEntries(lowered)).toEqual(expected(outer, inner, own));
        expect(lowered).toHaveLength(Object.keys(found).length);
      }),
    );
  });

  it('throws where a route is given that cannot be sent', () => {
    const refused: Array<Record<string, string>> = [
      { 'grpc-timeout': '1S' },
      { ':path': '/x' },
      { 'x-request-id': 'mine' },
      { a: '' },
      { a: ' b' },
      { a: 'zwölf' },
      { a: 'b\r\nc: d' },
      { a: 'x'.repeat(257) },
      Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`route-${index}`, 'x'.repeat(250)])),
    ];
    for (const given of refused) {
      const body = () => expect.unreachable('the scope opened');
      expect(() => routes.with(given, body)).toThrow(RouteError);
      expect(() => outgoingRoutes(given)).toThrow(RouteError);
    }
    expect(() => routes.with({ a: 42 as unknown as string }, () => undefined)).toThrow(
      'route "a" needs a string as its value, found number',
    );
  });

  it('keeps a name that an object would swallow', () => {
    const found = outgoingRoutes(JSON.parse('{"__proto__":"1"}') as Record<string, string>);
    expect(Object.entries(found)).toEqual([['__proto__', '1']]);
  });
});
