import { Metadata, status as Code } from '@grpc/grpc-js';
import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { handled, streamOf } from '../../../test/handled.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function trailersOf(values: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

describe('the callback of a single response', () => {
  const single = { responseStream: false };

  it('answers, once, with trailers', async () => {
    const { callback, sent, statuses } = streamOf(single);
    callback(null, 'a', trailersOf({ rows: '1' }));
    callback(null, 'b', trailersOf({ rows: '2' }));
    await turn();
    expect(sent).toEqual(['headers', 'a', 'status 0']);
    expect(statuses[0]?.metadata?.getMap()).toEqual({ rows: '1' });
  });

  it('ends the call with an error, and its trailers', async () => {
    const { callback, thrown, call } = streamOf(single);
    callback({ code: Code.NOT_FOUND, message: 'no such' }, null, trailersOf({ rows: '0' }));
    await expect(thrown).rejects.toMatchObject({ code: Code.NOT_FOUND, message: 'no such' });
    expect(call.responseTrailers.getMap()).toEqual({ rows: '0' });
  });

  it('is not there where messages are streamed', () => {
    expect([streamOf().callback, typeof streamOf(single).callback]).toEqual([undefined, 'function']);
  });

  it('waits for a handler that is an Observable, of none or some', async () => {
    const { sent, late } = handled((stream) => (stream.end(), of(1, 2)));
    await expect.poll(() => sent).toEqual(['headers', 'status 0']);
    expect(late).toEqual([]);
  });
});
