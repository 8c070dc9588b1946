import { Metadata, status as Code } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { badRequest } from '../../status/details/details.js';
import { StatusError } from '../../status/status-error.js';
import { MAX_METADATA_BYTES } from '../../transport/outgoing-metadata.js';
import { opened } from '../../../test/opened-call.js';

const CANCELLED = { code: Code.CANCELLED, message: 'cancelled by the caller', cause: 'reset' } as const;
const NOT_FOUND = new StatusError(Code.NOT_FOUND, 'no such thing');
const TOO_LARGE = 'x'.repeat(MAX_METADATA_BYTES);
const nothing = (): void => {};
const refusing = (): never => {
  throw new Error('refused');
};

describe('the headers of an answer', () => {
  it('go before the first message, once, with what was put into them until then', () => {
    const { call, sent, headers } = opened();
    call.responseMetadata.set('shard', '7');
    call.send('a', nothing);
    call.responseMetadata.set('late', '1');
    call.send('b', nothing);
    call.sendHeaders();
    expect(sent).toEqual(['headers', 'a', 'b']);
    expect(headers[0]?.[0]?.getMap()).toMatchObject({ shard: '7' });
  });

  it('go with the status when nothing went before it', () => {
    const { call, sent, statuses } = opened();
    call.responseMetadata.set('shard', '7');
    call.responseTrailers.set('rows', '0');
    call.end(NOT_FOUND);
    expect(sent).toEqual([`status ${Code.NOT_FOUND}`]);
    expect(statuses[0]?.metadata?.getMap()).toEqual({ shard: '7', rows: '0' });
  });

  it('are not sent twice, in the headers and with the status', () => {
    const { call, statuses } = opened();
    call.responseMetadata.set('shard', '7');
    call.sendHeaders();
    call.end(NOT_FOUND);
    expect(statuses[0]?.metadata?.getMap()).toEqual({});
  });

  it('that are too large end the call, and the message is not sent', () => {
    const { call, sent, statuses } = opened();
    call.responseMetadata.set('large', TOO_LARGE);
    expect(call.send('a', nothing)).toBe(0);
    expect(sent).toEqual([`status ${Code.RESOURCE_EXHAUSTED}`]);
    expect(statuses[0]?.details).toMatch(
      /^the response headers of \/test\.v1\.Test\/Get take \d+ bytes, more than 7168$/,
    );
    expect([call.writable, call.sent]).toEqual([false, 0]);
  });

  it('say how messages are compressed where they can be', () => {
    const asking = () => {
      const metadata = new Metadata();
      metadata.set('grpc-internal-encoding-request', 'gzip');
      return metadata;
    };
    const [able, unable] = [opened({ wire: { compresses: true } }), opened()];
    for (const { call } of [able, unable]) {
      call.responseMetadata.merge(asking());
      call.sendHeaders();
    }
    expect([able.headers[0]?.[1], able.leftOut]).toEqual(['gzip', []]);
    expect(unable.headers[0]?.[1]).toBeUndefined();
    expect(unable.leftOut).toEqual([
      { place: 'response headers', name: 'grpc-internal-encoding-request', reason: 'reserved' },
    ]);
    // What the call was told otherwise counts.
    const told = opened({ wire: { compresses: true } });
    told.call.compression = 'deflate';
    told.call.responseMetadata.merge(asking());
    told.call.sendHeaders();
    expect(told.headers[0]?.[1]).toBe('deflate');
  });
});

describe('a message of an answer', () => {
  it('is counted, and says how many bytes it has', () => {
    const { call, taken } = opened();
    const seen: unknown[] = [];
    call.onMessage((...observed) => seen.push(observed));
    let flushed = 0;
    expect(call.send('äb', () => flushed++)).toBe(3);
    expect([call.sent, seen, flushed]).toEqual([1, [['out', 'äb']], 0]);
    taken[0]?.();
    expect(flushed).toBe(1);
  });

  it('that does not fit the proto is not sent, and the handler is told which method it was', () => {
    const cause = new TypeError('n: not a number');
    const { call, sent } = opened({
      codec: {
        serializeResponse() {
          throw cause;
        },
      },
    });
    const error = (() => {
      try {
        return call.send('a', nothing);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      code: Code.INTERNAL,
      message: 'the response of /test.v1.Test/Get does not fit its proto',
      cause,
    });
    expect([sent, call.sent, call.writable]).toEqual([[], 0, true]);
  });

  it.each(['sendHeaders', 'sendMessage'] as const)(
    'that the transport refuses in %s leaves the call with an end, and the log with what was refused',
    (step) => {
      const { call, sent, statuses } = opened({ wire: { [step]: refusing } });
      call.send('a', nothing);
      expect(sent.at(-1)).toBe(`broken ${Code.INTERNAL}`);
      expect(call.writable).toBe(false);
      call.succeed();
      call.end(NOT_FOUND);
      expect(statuses).toEqual([]);
      call.finish(CANCELLED);
      expect(call.ending).toMatchObject({
        code: Code.INTERNAL,
        message: 'the answer could not be sent',
        error: { cause: new Error('refused') },
      });
    },
  );
});

describe('the status of an answer', () => {
  it('is OK with the trailers, and headers before it though there is no message', () => {
    const { call, sent, statuses } = opened();
    call.handlerStarts();
    call.responseTrailers.set('rows', '0');
    call.succeed();
    expect(sent).toEqual(['headers', 'status 0']);
    expect(statuses[0]?.metadata?.getMap()).toEqual({ rows: '0' });
  });

  it('is RESOURCE_EXHAUSTED instead of OK when the trailers are too large', () => {
    const { call, statuses } = opened();
    call.handlerStarts();
    call.responseTrailers.set('large', TOO_LARGE);
    call.succeed();
    expect(statuses).toMatchObject([
      {
        code: Code.RESOURCE_EXHAUSTED,
        details: expect.stringContaining('the response trailers of /test.v1.Test/Get take'),
      },
    ]);
  });

  it('carries the details of an error, and leaves out trailers that do not fit beside it', () => {
    const { call, statuses, leftOut } = opened();
    call.responseTrailers.set('large', TOO_LARGE);
    const details = [badRequest({ fieldViolations: [{ field: 'name', description: 'is missing' }] })];
    call.end(new StatusError(Code.INVALID_ARGUMENT, 'invalid', { details }));
    expect(statuses[0]).toMatchObject({ code: Code.INVALID_ARGUMENT, details: 'invalid' });
    expect(Object.keys(statuses[0]?.metadata?.toJSON() ?? {})).toEqual(['grpc-status-details-bin']);
    expect(leftOut).toEqual([{ place: 'response trailers', name: 'large', reason: 'size' }]);
  });

  it('is broken off when the transport refuses it', () => {
    const { call, sent } = opened({ wire: { sendStatus: refusing } });
    call.end(NOT_FOUND);
    expect(sent).toEqual([`broken ${Code.INTERNAL}`]);
    call.finish(CANCELLED);
    expect(call.ending).toMatchObject({ code: Code.INTERNAL, cause: 'status' });
  });
});

describe('a request', () => {
  it('that is no message of the proto ends the call, and its bytes are not repeated to the caller', () => {
    const { call, statuses } = opened({
      codec: {
        deserializeRequest() {
          throw new RangeError('index out of range: secret');
        },
      },
    });
    const seen: unknown[] = [];
    call.readWith({ message: (message) => seen.push(message), halfClose: nothing, cancelled: nothing });
    call.messageArrived(Buffer.from('secret'));
    expect([seen, call.received]).toEqual([[], 0]);
    expect(statuses).toMatchObject([
      { code: Code.INTERNAL, details: 'the request of /test.v1.Test/Get could not be parsed' },
    ]);
  });

  it('has its metadata read once, and only when somebody looks', () => {
    let read = 0;
    const { call } = opened({
      wire: {
        readMetadata() {
          read++;
          return new Metadata();
        },
      },
    });
    expect(read).toBe(0);
    expect(call.metadata).toBe(call.metadata);
    expect(read).toBe(1);
  });
});

describe('a call that nobody waits for any more', () => {
  it('has a signal that is aborted, whenever it was first looked at', () => {
    const [before, after] = [opened(), opened()];
    const { signal } = before.call;
    expect(signal.aborted).toBe(false);
    for (const { call } of [before, after]) call.end(NOT_FOUND);
    expect([signal.aborted, signal.reason]).toEqual([true, NOT_FOUND]);
    expect([after.call.signal.aborted, after.call.signal.reason]).toEqual([true, NOT_FOUND]);
  });

  it('stops what works for it: the last one given, at once when it comes late', () => {
    const { call } = opened();
    const stopped: string[] = [];
    call.onAbandoned(() => stopped.push('first'));
    call.onAbandoned(() => stopped.push('second'));
    expect(stopped).toEqual([]);
    call.finish(CANCELLED);
    call.onAbandoned(() => stopped.push('late'));
    expect(stopped).toEqual(['second', 'late']);
  });

  it('stops nothing when it was answered in full', () => {
    const { call } = opened();
    let stopped = 0;
    call.onAbandoned(() => stopped++);
    call.handlerStarts();
    call.succeed();
    call.finish({ code: Code.OK, message: '', cause: 'status' });
    expect([stopped, call.signal.aborted]).toEqual([0, false]);
  });
});

it('sends whatever metadata handlers make up, or ends with a status that says why not', () => {
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.integer({ min: 0, max: 9000 }).map((n) => 'v'.repeat(n)),
  );
  const names = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/), fc.constantFrom('te', 'grpc-status'));
  const entries = fc.array(fc.tuple(names, value), { maxLength: 6 });
  fc.assert(
    fc.property(entries, entries, fc.boolean(), (inHeaders, inTrailers, fails) => {
      const { call, sent, statuses, headers } = opened();
      call.handlerStarts();
      for (const [metadata, given] of [
        [call.responseMetadata, inHeaders],
        [call.responseTrailers, inTrailers],
      ] as const) {
        for (const [name, text] of given) setUnchecked(metadata, name, text);
      }
      if (fails) call.end(NOT_FOUND);
      else call.succeed();
      expect(statuses).toHaveLength(1);
      expect(sent.at(-1)).toMatch(/^status /);
      const expected = fails ? [Code.NOT_FOUND] : [Code.OK, Code.RESOURCE_EXHAUSTED];
      expect(expected).toContain(statuses[0]?.code);
      for (const metadata of [headers[0]?.[0], statuses[0]?.metadata]) {
        const out = Object.entries(metadata?.toJSON() ?? {}).filter(([name]) => !name.endsWith('-bin'));
        expect(out.map(([name]) => name)).not.toContain('grpc-status');
        const bytes = out.reduce((sum, [name, [first]]) => sum + name.length + String(first).length + 32, 0);
        expect(bytes).toBeLessThanOrEqual(MAX_METADATA_BYTES);
      }
    }),
    { numRuns: 50 },
  );
});

/** As other copies of grpc-js and plain JavaScript get values in that this copy's `set` would refuse. */
function setUnchecked(metadata: Metadata, name: string, value: string): void {
  (metadata as unknown as { internalRepr: Map<string, string[]> }).internalRepr.set(name, [value]);
}
