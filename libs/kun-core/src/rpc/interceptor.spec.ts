import { status } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeCall } from '../testing/fake-call.js';
import { compose, rebuiltInterceptor, type CallHandler, type Interceptor } from './interceptor.js';
import { methodMatcher, only } from './only.js';
import { describeMethod } from './rpc-method.js';

const methodAt = (path: string) => describeMethod(path, { requestStream: false, responseStream: false });
const innermost: CallHandler = (call) => (call as FakeCall).ended;

function noting(seen: string[], name: string): Interceptor {
  return (next) => (call) => {
    seen.push(name);
    return next(call);
  };
}

function ended(chain: CallHandler, call = new FakeCall()): Promise<unknown> {
  const ending = chain(call);
  call.finish({ code: status.OK });
  return ending;
}

describe('compose', () => {
  it('runs the first outermost, each once a call, and makes the onion once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string(), { maxLength: 8 }), async (names) => {
        const seen: string[] = [];
        const chain = compose(
          names.map((name) => noting(seen, name)),
          innermost,
        );
        await ended(chain);
        await ended(chain);
        expect(seen).toEqual([...names, ...names]);
      }),
    );
  });

  it('leaves it to an interceptor whether there is a next', async () => {
    const seen: string[] = [];
    const answering: Interceptor = () => (call) => (call as FakeCall).ended;
    await ended(compose([noting(seen, 'a'), answering, noting(seen, 'b')], innermost));
    expect(seen).toEqual(['a']);
  });
});

describe('rebuiltInterceptor', () => {
  it('is made anew at a change only, and stands aside for nothing', async () => {
    const seen: string[] = [];
    let [built, name] = [0, 'a' as string | undefined];
    let rebuild = () => {};
    const build = () => (built++, name === undefined ? undefined : noting(seen, name));
    const chain = compose([rebuiltInterceptor(build, (listener) => (rebuild = listener))], innermost);
    await ended(chain);
    await ended(chain);
    name = 'b';
    await ended(chain);
    rebuild();
    await ended(chain);
    name = undefined;
    rebuild();
    await ended(chain);
    expect([seen, built]).toEqual([['a', 'a', 'a', 'b'], 3]);
  });
});

describe('only', () => {
  it.each([
    ['/*', true, true],
    ['/a.v1.A/*', true, false],
    ['/a.v1.A/Get', true, false],
    ['/a.v1.A/Put', false, false],
    ['/a.v1.Ab/*', false, true],
  ])('%s', async (selector, first, second) => {
    const seen: string[] = [];
    const chain = compose([only(selector, noting(seen, 'seen'))], innermost);
    const methods = [methodAt('/a.v1.A/Get'), methodAt('/a.v1.Ab/Get')];
    for (const expected of [first, second].entries()) {
      const method = methods[expected[0]];
      seen.length = 0;
      // The second time by what was found out the first.
      for (let times = 0; times < 2; times++) await ended(chain, new FakeCall({ ...(method && { method }) }));
      expect(seen).toEqual(expected[1] ? ['seen', 'seen'] : []);
    }
  });

  it('refuses whatever has none of the three forms, at start', () => {
    const forms = /^\/(?:\*|[\w.]+\/(?:\w+|\*))$/;
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\/?[a-z.*]*\/?[a-z*]*\/?$/)), (selector) => {
        if (forms.test(selector)) expect(methodMatcher(selector)).toBeTypeOf('function');
        else expect(() => only(selector, (next) => next)).toThrow(TypeError);
      }),
    );
  });
});
