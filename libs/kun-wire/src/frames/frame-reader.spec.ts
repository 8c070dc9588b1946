import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { data, frame, message, ping, reset, settings, windowUpdate } from '../../test/raw-peer.js';
import { FrameReader } from './frame-reader.js';
import type { FrameSink } from './frame-sink.js';

/** Records what it receives, pieces of a DATA frame as one. */
function recorder(pause: () => boolean): { readonly seen: string[]; readonly reader: FrameReader } {
  const seen: string[] = [];
  const note = (text: string): void => {
    seen.push(text);
    if (pause()) reader.pause();
  };
  const hex = (bytes: Buffer, start: number, end: number): string => bytes.toString('hex', start, end);
  let body = '';
  const sink: FrameSink = {
    dataBegins: (id, length, end) => (body = `data ${id} ${length} ${end} `),
    dataBytes: (chunk, start, end) => (body += hex(chunk, start, end)),
    dataEnds: (padding) => note(`${body} ${padding}`),
    headers: (id, flags, block, start, end) => note(`headers ${id} ${flags} ${hex(block, start, end)}`),
    continuation: (flags, block, start, end) => note(`continuation ${flags} ${hex(block, start, end)}`),
    priority: (id) => note(`priority ${id}`),
    resetStream: (id, code) => note(`reset ${id} ${code}`),
    settings: (payload, start, end) => note(`settings ${hex(payload, start, end)}`),
    settingsAck: () => note('settings ack'),
    ping: (ack, payload, start) => note(`ping ${ack} ${hex(payload, start, start + 8)}`),
    goAway: (id, code) => note(`goaway ${id} ${code}`),
    windowUpdate: (id, increment) => note(`window ${id} ${increment}`),
    unknownFrame: () => note('unknown'),
    badStreamFrame: (id, code) => note(`bad ${id} ${code}`),
  };
  const reader = new FrameReader(sink, 16_384);
  return { seen, reader };
}

const id = fc.integer({ min: 1, max: 9 });
const bytes = fc.uint8Array({ maxLength: 60 }).map((values) => Buffer.from(values));
const frames = fc.oneof(
  fc.tuple(id, bytes).map(([stream, body]) => data(stream, message(body))),
  fc.tuple(id, bytes).map(([stream, block]) => frame(1, 4, stream, block)),
  fc
    .tuple(id, bytes, bytes)
    .map(([stream, block, rest]) => Buffer.concat([frame(1, 0, stream, block), frame(9, 4, stream, rest)])),
  id.map((stream) => reset(stream)),
  id.map((stream) => windowUpdate(stream, 5)),
  fc.constant(ping()),
  fc.constant(frame(99, 0, 1, Buffer.from('what'))),
);

describe('a frame reader that is paused', () => {
  it('delivers the same frames in the same order, wherever it is paused and however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        (list, cuts, pauses) => {
          const whole = Buffer.concat([settings(), ...list]);
          const plain = recorder(() => false);
          expect(plain.reader.read(whole, 0)).toBe(whole.length);

          let asked = 0;
          const paused = recorder(() => pauses[asked++ % pauses.length] as boolean);
          for (let at = 0, cut = 0; at < whole.length; cut++) {
            const chunk = whole.subarray(at, at + (cuts[cut % cuts.length] as number));
            for (let from = 0; from < chunk.length;) {
              const to = paused.reader.read(chunk, from);
              expect(to).toBeGreaterThan(from);
              // It never pauses within a frame.
              if (to < chunk.length) expect(paused.reader.waitingFor).toBe(0);
              from = to;
            }
            at += chunk.length;
          }
          expect(paused.seen).toEqual(plain.seen);
        },
      ),
    );
  });

  it('distinguishes one incomplete frame from the next', () => {
    const { reader } = recorder(() => false);
    const bytes = Buffer.concat([settings(), ping(), ping()]);
    reader.read(bytes.subarray(0, 20), 0);
    const first = reader.waitingFor;
    expect(first).not.toBe(0);
    reader.read(bytes.subarray(20, 24), 0);
    expect(reader.waitingFor).toBe(first);
    reader.read(bytes.subarray(24, 30), 0);
    expect(reader.waitingFor).not.toBe(first);
    reader.read(bytes.subarray(30), 0);
    expect(reader.waitingFor).toBe(0);
  });
});
