import { inspect } from 'node:util';
import { Metadata, status as Code } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../../status/status-error.js';
import { DEADLINE_MS, opened } from '../../../test/opened-call.js';

const CANCELLED = { code: Code.CANCELLED, message: 'cancelled by the caller', cause: 'reset' } as const;

describe('the third argument of a handler', () => {
  it('knows who called what, how, and until when', () => {
    const metadata = new Metadata();
    metadata.set('tenant', 'acme');
    const { call, clock, wire } = opened({
      wire: {
        host: 'orders.acme',
        readMetadata: () => metadata,
        authContext: { transportSecurityType: 'ssl' },
      },
    });
    const view = call.forHandler;
    expect(view.metadata).toBe(metadata);
    expect(view.getPeer()).toBe('10.0.0.1:2');
    expect(view.getPath()).toBe('/test.v1.Test/Get');
    expect(view.getHost()).toBe('orders.acme');
    expect(view.getAuthContext()).toBe(wire.authContext);
    expect(view.getDeadline()).toBe(clock.now() + DEADLINE_MS);
    expect(opened({ wire: { deadline: Infinity } }).call.forHandler.getDeadline()).toBe(Infinity);
  });

  it('is the same each time', () => {
    const { call } = opened();
    expect(call.forHandler).toBe(call.forHandler);
  });

  it('sends metadata at once, and after that without effect', () => {
    const { call, sent, headers } = opened();
    const [first, second] = [new Metadata(), new Metadata()];
    first.set('shard', '7');
    second.set('late', '1');
    call.responseMetadata.set('of', 'an interceptor');
    call.forHandler.sendMetadata(first);
    call.forHandler.sendMetadata(second);
    expect(sent).toEqual(['headers']);
    expect(headers[0]?.[0]?.getMap()).toMatchObject({ of: 'an interceptor', shard: '7' });
  });

  it('throws what the engine says where there is no recorder of the load', () => {
    expect(() => opened().call.forHandler.getMetricsRecorder()).toThrow(TypeError);
  });

  it.each([
    ['the caller left', (call: ReturnType<typeof opened>['call']) => call.finish(CANCELLED)],
    ['an interceptor ended it', (call) => call.end(new StatusError(Code.NOT_FOUND, 'none'))],
    ['the wire answered', (call) => call.answeredByWire(Code.RESOURCE_EXHAUSTED, 'too large')],
  ])('says that the call is cancelled, once: %s', (_, abandon) => {
    const { call } = opened();
    const view = call.forHandler;
    let told = 0;
    view.on('cancelled', () => told++);
    expect(view.cancelled).toBe(false);
    abandon(call);
    call.cancelled();
    call.finish(CANCELLED);
    expect([view.cancelled, told]).toEqual([true, 1]);
  });

  it('is told nothing when the call was answered', () => {
    const { call } = opened();
    let told = 0;
    call.forHandler.on('cancelled', () => told++);
    call.handlerStarts();
    call.succeed();
    call.finish({ code: Code.OK, message: '', cause: 'status' });
    expect(told).toBe(0);
  });

  it('leaves what a listener throws to the log, and the call ends all the same', () => {
    const { call, late, endings } = opened();
    const thrown = new Error('thrown');
    call.forHandler.on('cancelled', () => {
      throw thrown;
    });
    call.finish(CANCELLED);
    expect([late, endings.length]).toEqual([[thrown], 1]);
  });

  it('shows nothing of the server, nor of credentials, to what prints or copies it', () => {
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer s3cret');
    const view = opened({ wire: { readMetadata: () => metadata } }).call.forHandler;
    view.request = { id: 1 };
    expect(view.metadata.get('authorization')).toEqual(['Bearer s3cret']);
    for (const text of [inspect(view, { depth: 9, showHidden: true }), JSON.stringify(view)]) {
      expect(text).not.toContain('s3cret');
      expect(text).not.toContain('10.0.0.1');
    }
    expect(JSON.parse(JSON.stringify(view))).toMatchObject({ request: { id: 1 } });
  });
});
