import { Metadata, status as Code, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { opened } from '../../../test/opened-call.js';
import { loadTestProtos } from '../../../test/serve.js';
import { runInCall } from '../../rpc/current-call.js';
import { notFound } from '../../status/factories.js';
import { deferred } from '../../testing/deferred.js';
import type { BoundMethod } from '../call/bound-method.js';
import { bindService } from './bind-service.js';

type Answer = sendUnaryData<unknown>;
type Unary = (call: ServerUnaryCall<unknown, unknown>, answer: Answer) => unknown;

const definition = loadTestProtos().services.get('t.v1.T');
if (!definition) throw new Error('no service');
const nothing = () => undefined;
const OTHERS = { Watch: nothing, Collect: nothing, Chat: nothing, Nothing: nothing };

function bound(implementation: object, methods = new Map<string, BoundMethod>()) {
  bindService(methods, { definition: definition!, implementation } as never);
  return methods;
}

/** A call of a unary method that is written for grpc-js. */
function called(unary: Unary) {
  const method = bound({ ...OTHERS, Unary: unary }).get('/t.v1.T/Unary');
  if (!method) throw new Error('not bound');
  const all = opened({ bound: { handler: method.handler, style: method.style } });
  all.call.handlerStarts();
  const answer = runInCall(all.call, () => method.handler({}, new Metadata(), all.call.forHandler));
  answer.catch(() => undefined);
  return { ...all, answer, readError: method.readError };
}

const leave = ({ call }: ReturnType<typeof called>) =>
  call.finish({ code: Code.CANCELLED, message: '', cause: 'reset' });

describe('a service that is written for grpc-js', () => {
  it('is served by paths, whichever way its methods are written, and takes nothing that is served already', () => {
    const methods = bound({ ...OTHERS, unary: nothing });
    expect(Object.fromEntries([...methods].map(([path, { style }]) => [path, style]))).toEqual({
      '/t.v1.T/Chat': 'call',
      '/t.v1.T/Collect': 'call',
      '/t.v1.T/Nothing': 'message',
      '/t.v1.T/Unary': 'message',
      '/t.v1.T/Watch': 'call',
    });
    const first = methods.get('/t.v1.T/Unary');
    expect(bound({}, methods).get('/t.v1.T/Unary')).toBe(first);
    const codec = first?.codec;
    expect(codec?.deserializeRequest(codec.serializeResponse({ text: 'a' }))).toMatchObject({ text: 'a' });
  });

  it('is refused where a method is missing', () => {
    expect(() => bound(OTHERS)).toThrow(/implementation of \/t\.v1\.T\/Unary is missing/);
  });

  it('has its own `this`, gets the call, and answers by its callback with trailers', async () => {
    const trailers = new Metadata();
    trailers.set('rows', '1');
    class Service {
      private readonly text = 'own';
      Unary(call: ServerUnaryCall<unknown, unknown>, answer: Answer) {
        answer(null, { text: this.text, path: call.getPath() }, trailers);
      }
    }
    const method = bound(Object.assign(new Service(), OTHERS)).get('/t.v1.T/Unary');
    const { call } = opened();
    const answer = runInCall(call, () => method?.handler({}, new Metadata(), call.forHandler));
    expect(await answer).toEqual({ text: 'own', path: '/test.v1.Test/Get' });
    expect(call.responseTrailers.get('rows')).toEqual(['1']);
  });

  it('fails with what it throws, now or later, as it is', async () => {
    const broken = new Error('broken');
    const thrown = () => {
      throw broken;
    };
    await expect(called(thrown).answer).rejects.toBe(broken);
    await expect(called(() => Promise.reject(broken)).answer).rejects.toBe(broken);
  });

  it.each([
    [
      'code and details',
      { code: Code.NOT_FOUND, details: 'no such', message: 'x' },
      { code: Code.NOT_FOUND, message: 'no such' },
    ],
    ['code and message', { code: Code.ABORTED, message: 'again' }, { code: Code.ABORTED, message: 'again' }],
    [
      'an Error with a code',
      Object.assign(new Error('late'), { code: Code.UNAVAILABLE }),
      { code: Code.UNAVAILABLE, message: 'late' },
    ],
    ['text alone', { message: 'only' }, { code: Code.UNKNOWN, message: 'only' }],
    ['a code that is none', { code: 99, details: 'odd' }, { code: Code.UNKNOWN, message: 'odd' }],
    ['the code of no error', { code: Code.OK, details: 'fine' }, { code: Code.UNKNOWN, message: 'fine' }],
  ])('gives its callback an error of %s', async (_, error, expected) => {
    const { answer, readError } = called((_call, callback) => callback(error as never));
    await expect(answer).rejects.toMatchObject(expected);
    expect(readError?.(error)).toMatchObject(expected);
  });

  it('keeps errors that are no words for the caller, statuses, and their metadata', async () => {
    const broken = new Error('secret');
    await expect(called((_call, answer) => answer(broken as never)).answer).rejects.toBe(broken);
    const status = notFound('no such');
    await expect(called((_call, answer) => answer(status as never)).answer).rejects.toBe(status);
    const metadata = new Metadata();
    metadata.set('hint', 'other');
    const { answer } = called((_call, callback) => callback({ code: Code.ABORTED, details: 'a', metadata }));
    const error = (await answer.catch((cause: unknown) => cause)) as { metadata: Metadata };
    expect(error.metadata.get('hint')).toEqual(['other']);
  });

  it('need not call back once its caller has left: it is done when what it returned is', async () => {
    for (const settle of ['resolve', 'reject'] as const) {
      const working = deferred();
      const one = called(() => working.promise);
      leave(one);
      await new Promise((resolve) => setImmediate(resolve));
      expect(one.openCalls.size).toBe(1);
      if (settle === 'resolve') working.resolve();
      else working.reject(new Error('too late'));
      await expect.poll(() => one.openCalls.size).toBe(0);
    }
    const silent = called(nothing);
    leave(silent);
    await expect.poll(() => silent.openCalls.size).toBe(0);
  });
});
