import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../src/frames/error-code.js';
import type { RefusalReason } from '../src/process/refusal.js';
import { WireProcess } from '../src/process/wire-process.js';
import {
  data,
  END,
  END_HEADERS,
  type Fields,
  frame,
  message,
  ping,
  PREFACE,
  REQUEST,
  reset,
  settings,
  windowUpdate,
} from './raw-peer.js';
import { ServedPeer, silent, StillClock } from './served-peer.js';

const many = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
const id = (index: number): number => index * 2 + 1;
const timed = (timeout: string): Fields => [...REQUEST, ['grpc-timeout', timeout]];

/** Waits for the end of the connection, and checks its reason. */
async function expectCut(
  peer: ServedPeer,
  reason: RefusalReason,
  code: number = ErrorCode.ENHANCE_YOUR_CALM,
) {
  await peer.until(({ closed }) => closed);
  expect(peer.heard(0).at(-1)?.split(' ')[2]).toBe(String(code));
  expect(
    peer.refusals.filter(({ scope }) => scope === 'connection').map((refusal) => refusal.reason),
  ).toEqual([reason]);
  expect(peer.process.stats.refusals.get(reason)).toBe(1);
  // Thousands of calls are notified over several turns.
  while (peer.calls.some(({ ends }) => ends.length === 0)) await peer.turn();
  for (const { ends } of peer.calls) expect(ends).toHaveLength(1);
  await peer.turn();
  peer.clock.advance(1000);
  await peer.turn();
  expect(peer.process.stats).toMatchObject({ connectionsOpen: 0, streamsOpen: 0 });
  expect(peer.process.unfinished.usedBytes).toBe(0);
  expect(peer.process.unsent.usedBytes).toBe(0);
}

describe('a peer that causes excessive work is disconnected', () => {
  it.each<[string, RefusalReason, (peer: ServedPeer) => Buffer]>([
    ['PING (CVE-2019-9512)', 'overhead-flood', () => many(10_100, () => ping())],
    ['acknowledged PING', 'overhead-flood', () => many(10_100, () => ping(1))],
    ['SETTINGS (CVE-2019-9515)', 'overhead-flood', () => many(10_100, () => settings())],
    ['acknowledgements of SETTINGS', 'overhead-flood', () => many(10_100, () => frame(4, 1, 0))],
    [
      'empty DATA (CVE-2019-9518)',
      'overhead-flood',
      (p) => Buffer.concat([p.headers(1), many(10_100, () => data(1))]),
    ],
    [
      'DATA of streams closed long ago',
      'overhead-flood',
      (p) => Buffer.concat([p.headers(30_001), many(10_100, (n) => data(id(n), [0]))]),
    ],
    [
      'DATA of streams reset by the server',
      'overhead-flood',
      (p) => Buffer.concat([p.headers(1, [...REQUEST, ['upgrade', 'x']]), many(10_100, () => data(1, [0]))]),
    ],
    [
      'DATA consisting of padding',
      'overhead-flood',
      (p) => Buffer.concat([p.headers(1), many(10_100, () => data(1, [0], 8))]),
    ],
    ['PRIORITY (CVE-2019-9513)', 'overhead-flood', () => many(10_100, () => frame(2, 0, 1, Buffer.alloc(5)))],
    ['WINDOW_UPDATE', 'overhead-flood', () => many(10_100, () => windowUpdate(0, 1))],
    [
      'GOAWAY',
      'overhead-flood',
      (p) => Buffer.concat([p.headers(1), many(10_100, () => frame(7, 0, 0, Buffer.alloc(8)))]),
    ],
    [
      'headers that are too large, with one byte per field (an HPACK bomb)',
      'reset-flood',
      (p) =>
        Buffer.concat([
          p.headers(1, [...REQUEST, ['bomb', 'x'.repeat(3000)]]),
          many(2010, (n) =>
            frame(1, END_HEADERS, id(n + 1), Buffer.concat([p.block(), Buffer.alloc(50, 0xbe)])),
          ),
        ]),
    ],
    ['unknown frames', 'overhead-flood', () => many(10_100, () => frame(0x77, 0, 0))],
    [
      'RST_STREAM of closed streams',
      'overhead-flood',
      (p) => Buffer.concat([p.headers(1), many(10_100, () => reset(1))]),
    ],
    [
      'CONTINUATION (CVE-2024-27316)',
      'too-many-continuations',
      (p) =>
        Buffer.concat([p.headers(1, REQUEST, 0), many(17, () => frame(9, 0, 1, [0x00, 0x01, 0x61, 0x00]))]),
    ],
    [
      'empty CONTINUATION',
      'too-many-continuations',
      (p) => Buffer.concat([p.headers(1, REQUEST, 0), many(17, () => frame(9, 0, 1))]),
    ],
    [
      'an endless header block',
      'headers-too-large',
      (p) => Buffer.concat([p.headers(1, REQUEST, 0), many(5, () => frame(9, 0, 1, Buffer.alloc(16_384)))]),
    ],
    [
      'rapid resets (CVE-2023-44487)',
      'reset-flood',
      (p) => many(2010, (n) => Buffer.concat([p.headers(id(n)), reset(id(n))])),
    ],
    [
      'resets provoked by window updates (CVE-2025-8671)',
      'reset-flood',
      (p) => many(2010, (n) => Buffer.concat([p.headers(id(n)), windowUpdate(id(n), 0)])),
    ],
    [
      'resets provoked by window overflows',
      'reset-flood',
      (p) => many(2010, (n) => Buffer.concat([p.headers(id(n)), windowUpdate(id(n), 2 ** 31 - 1)])),
    ],
    [
      'resets provoked by DATA after the end',
      'reset-flood',
      (p) => many(2010, (n) => Buffer.concat([p.headers(id(n), HOLD, 5), data(id(n), [0])])),
    ],
    [
      'resets provoked by PRIORITY with a wrong length',
      'reset-flood',
      (p) => many(2010, (n) => Buffer.concat([p.headers(id(n)), frame(2, 0, id(n))])),
    ],
    [
      'malformed requests',
      'reset-flood',
      (p) => many(2010, (n) => p.headers(id(n), [...REQUEST, ['connection', 'close']])),
    ],
    [
      'resets of calls whose deadlines have almost passed',
      'reset-flood',
      (p) => many(2010, (n) => Buffer.concat([p.headers(id(n), timed('1m')), reset(id(n))])),
    ],
    ['streams beyond the limit', 'reset-flood', (p) => many(3100, (n) => p.headers(id(n), HOLD))],
  ])('%s', async (_, reason, flood) => {
    // The responses are read; the limit of unread ones is tested below.
    const peer = new ServedPeer({ serve, limits: { maxControlBytes: Infinity } }).greet();
    await peer.settle();
    peer.send(flood(peer));
    await expectCut(peer, reason);
  });

  it('that does not read the responses to its control frames', async () => {
    const peer = new ServedPeer({ limits: { overheadBurst: Infinity } }).greet();
    await peer.settle();
    peer.near.pause();
    // More than the pipe holds.
    for (let sent = 0; sent < 100; sent++) {
      peer.send(many(2000, () => ping()));
      await peer.turn();
    }
    expect(peer.refusals.map(({ reason }) => reason)).toEqual(['control-flood']);
    peer.near.resume();
    await expectCut(peer, 'control-flood');
  });
});

const HOLD: Fields = REQUEST.map(
  ([key, value]) => [key, key === ':path' ? '/test.Service/Hold' : value] as const,
);
const serve = silent;

describe('a peer that calls and does not read', () => {
  it('is limited in streams: one whose response the socket has not accepted is still open (CVE-2019-9517)', async () => {
    let answers = 0;
    const peer = new ServedPeer({
      limits: { maxConcurrentStreams: 100, resetBurst: Infinity },
      processLimits: { resetBurst: Infinity },
      serve({ call }) {
        call.sendHeaders([['x', `${answers++}`.padEnd(4000, 'y')]]);
        call.sendStatus(0);
        return {};
      },
    }).greet();
    await peer.settle();
    peer.near.pause();
    for (let round = 0; round < 100; round++) {
      peer.send(many(50, (n) => peer.headers(id(round * 50 + n), REQUEST, END_HEADERS | END)));
      await peer.turn();
    }
    // As much as the pipe holds was sent: 2 MiB of responses of 4 KB each.
    expect(peer.calls.length).toBeLessThan(1000);
    expect(peer.process.stats.streamsOpen).toBe(100);
    expect(peer.calls.filter(({ ends }) => ends.length === 0).length).toBeGreaterThanOrEqual(100);
  });
});

describe('what callers do', () => {
  it('is no attack when thousands of deadlines expire together', async () => {
    const peer = new ServedPeer({ serve, limits: { maxConcurrentStreams: 10_000 } }).greet();
    peer.send(many(5000, (n) => peer.headers(id(n), timed('1S'))));
    await peer.settle();
    // The callers' timers fire first, by less than a network trip.
    peer.clock.advance(960);
    peer.send(many(5000, (n) => reset(id(n))));
    await peer.settle();
    expect(peer.closed).toBe(false);
    expect(peer.process.stats).toMatchObject({ resetsReceived: 5000, streamsOpen: 0 });
    expect(peer.refusals).toEqual([]);
  });

  it('is no attack when it keeps uploading after the response', async () => {
    const peer = new ServedPeer({
      serve({ call }) {
        call.sendStatus(7);
        return {};
      },
    }).greet();
    for (let call = 0; call < 200; call++) {
      peer.send(
        peer.headers(id(call)),
        ...Array.from({ length: 64 }, () => data(id(call), Buffer.alloc(4096))),
      );
      await peer.settle();
    }
    expect(peer.closed).toBe(false);
  });

  it('is no attack when it cancels now and then', async () => {
    const peer = new ServedPeer({ serve }).greet();
    for (let second = 0; second < 30; second++) {
      peer.send(
        many(99, (n) => Buffer.concat([peer.headers(id(second * 99 + n)), reset(id(second * 99 + n))])),
      );
      await peer.settle();
      peer.clock.advance(1000);
    }
    expect(peer.closed).toBe(false);
  });

  it('is no attack when each response is followed by window updates', async () => {
    const peer = new ServedPeer().greet();
    for (let call = 0; call < 3000; call++) {
      peer.send(peer.call(id(call)), windowUpdate(0, 1), windowUpdate(0, 1), ping(), ping(), ping(), ping());
    }
    await peer.settle();
    expect(peer.closed).toBe(false);
  });

  it('is no attack when too many calls arrive before the caller knows the limit', async () => {
    const peer = new ServedPeer({ serve, limits: { maxConcurrentStreams: 10, resetBurst: 5 } });
    peer.send(
      Buffer.from(PREFACE),
      settings(),
      many(50, (n) => peer.headers(id(n))),
    );
    await peer.settle();
    expect(peer.closed).toBe(false);
    expect(peer.calls).toHaveLength(10);
    expect(peer.heard(99)).toEqual(['RST 7']);
    expect(peer.process.stats.refusals.get('too-many-streams')).toBe(40);
  });
});

describe('resets over a whole process', () => {
  it('leave each connection its share once the burst is used up, and end those that exceed it', async () => {
    const clock = new StillClock();
    const process = new WireProcess({ clock, limits: { resetBurst: 500, resetsPerSecond: 0 } });
    const limits = { resetBurst: 400, resetsPerSecond: 0, resetShare: 50 };
    const attackers = [0, 1, 2].map(() => new ServedPeer({ process, limits, serve }).greet());
    const normal = new ServedPeer({ process, limits }).greet();
    normal.send(many(50, (n) => normal.call(id(n))));
    await normal.settle();
    const waste = (peer: ServedPeer, from: number, count: number) =>
      peer.send(many(count, (n) => Buffer.concat([peer.headers(id(from + n)), reset(id(from + n))])));
    for (const peer of attackers) waste(peer, 0, 300);
    for (const peer of attackers.slice(1)) await peer.until(({ closed }) => closed);
    waste(normal, 50, 49);
    await normal.settle();
    expect(normal.closed).toBe(false);
    waste(normal, 99, 3);
    await normal.until(({ closed }) => closed);
    // One that reconnects has had no successful call yet, and a smaller share.
    const again = new ServedPeer({ process, limits, serve }).greet();
    waste(again, 0, 5);
    await again.settle();
    waste(again, 5, 1);
    await again.until(({ closed }) => closed);
  });
});

describe('bytes', () => {
  it('of unfinished requests are released by the connection that holds the most', async () => {
    const process = new WireProcess({ clock: new StillClock(), limits: { maxUnfinishedBytes: 300_000 } });
    const normal = new ServedPeer({ process, serve }).greet();
    const hog = new ServedPeer({ process, serve }).greet();
    normal.send(normal.headers(1), data(1, message(Buffer.alloc(10_000)).subarray(0, 9000)));
    await normal.settle();
    for (let call = 0; call < 10; call++) {
      hog.send(hog.headers(id(call)), ...[0, 1, 2].map(() => data(id(call), Buffer.alloc(16_000, 0))));
      await hog.settle();
      expect(process.unfinished.usedBytes).toBeLessThanOrEqual(300_000);
    }
    const refused = hog.calls.filter(({ answered }) => answered?.code === 8);
    expect(refused.length).toBeGreaterThan(3);
    expect(normal.last.answered).toBeUndefined();
    expect(process.stats.refusals.get('unfinished-bytes')).toBe(refused.length);
  });

  it('of unread responses are released by the connection that reads the least', async () => {
    const process = new WireProcess({ clock: new StillClock(), limits: { maxUnsentBytes: 1_000_000 } });
    const hog = new ServedPeer({
      process,
      serve({ call }) {
        call.sendMessage(Buffer.alloc(300_000));
        return silent();
      },
    }).greet([[4, 0]]);
    hog.send(many(10, (n) => hog.headers(id(n), REQUEST, END_HEADERS | END)));
    await hog.settle();
    expect(process.unsent.usedBytes).toBeLessThanOrEqual(1_000_000);
    expect(hog.calls.filter(({ answered }) => answered?.code === 8)).toHaveLength(7);
  });

  it('of messages are counted during decompression', async () => {
    const bomb = message(gzipSync(Buffer.alloc(4_000_000)), 1);
    const peer = new ServedPeer({
      processLimits: { maxUnfinishedBytes: 9_000_000, maxInflations: 4 },
    }).greet();
    let most = 0;
    const fields: Fields = [...REQUEST, ['grpc-encoding', 'gzip']];
    for (let call = 0; call < 20; call++)
      peer.send(peer.headers(id(call), fields), data(id(call), bomb, END));
    await peer.until(({ calls, process }) => {
      most = Math.max(most, process.unfinished.usedBytes);
      return (
        calls.length === 20 && calls.every(({ halfClosed, answered }) => halfClosed || answered !== undefined)
      );
    });
    expect(most).toBeLessThanOrEqual(9_000_000);
    for (const { messages, answered } of peer.calls) {
      expect(answered === undefined ? messages[0]?.length : answered.code).toBe(
        answered === undefined ? 4_000_000 : 8,
      );
    }
  });

  it('of headers that reference one large field repeatedly stay few', async () => {
    const peer = new ServedPeer({ serve }).greet();
    const block = Buffer.concat([
      peer.block(),
      Buffer.from('400161', 'hex'),
      Buffer.of(0x7f, 0xa1, 0x1e),
      Buffer.alloc(4000, 'x'),
      Buffer.alloc(12_000, 0xbe),
    ]);
    peer.send(frame(1, END_HEADERS, 1, block));
    await peer.until((p) => p.heard(1).length > 0);
    expect(peer.last.call.refusal?.code).toBe(8);
    expect(peer.last.call.headers.size).toBe(0);
    expect(peer.refusals.map(({ reason }) => reason)).toEqual(['headers-too-large']);
  });

  it('in frames of one byte each are coalesced', async () => {
    const peer = new ServedPeer({ serve }).greet();
    const body = message(Buffer.alloc(20_000, 'x'));
    peer.send(peer.headers(1));
    for (const byte of body) peer.send(data(1, [byte]));
    await peer.settle();
    expect(peer.process.unfinished.usedBytes).toBe(body.length);
    peer.last.call.read();
    expect(peer.last.messages[0]?.length).toBe(20_000);
  });
});

describe('time', () => {
  const slow = (sent: (peer: ServedPeer) => Buffer[], afterMs: number, reason: RefusalReason) => async () => {
    const peer = new ServedPeer({ serve });
    peer.send(...sent(peer));
    await peer.turn();
    peer.clock.advance(afterMs - 1);
    await peer.turn();
    expect(peer.closed).toBe(false);
    peer.clock.advance(1);
    await peer.until(({ closed }) => closed);
    expect(peer.refusals.map((refusal) => refusal.reason)).toEqual([reason]);
    peer.clock.advance(1000);
    await peer.turn();
    expect(peer.clock.pending).toBe(0);
  };
  const hello = [Buffer.from(PREFACE), settings(), frame(4, 1, 0)];

  it(
    'for the first byte is 10 s',
    slow(() => [], 10_000, 'preface-timeout'),
  );
  it(
    'for the preface is 10 s',
    slow(() => [Buffer.from('PRI *')], 10_000, 'preface-timeout'),
  );
  it(
    'for settings is 10 s',
    slow(() => [Buffer.from(PREFACE)], 10_000, 'preface-timeout'),
  );
  it(
    'for the acknowledgement of the local settings is 20 s',
    slow(() => [Buffer.from(PREFACE), settings()], 20_000, 'settings-timeout'),
  );
  it(
    'for a header block is 10 s',
    slow((p) => [...hello, p.headers(1, REQUEST, 0)], 10_000, 'header-timeout'),
  );
  it(
    'for a frame other than DATA is 10 s',
    slow((p) => [...hello, p.headers(1).subarray(0, 20)], 10_000, 'header-timeout'),
  );
  it(
    'for the header of a frame is 10 s',
    slow(() => [...hello, ping().subarray(0, 3)], 10_000, 'header-timeout'),
  );

  it('runs from the first byte of a frame, however many follow', async () => {
    const peer = new ServedPeer({ serve }).greet();
    const bytes = peer.headers(1);
    for (let sent = 0; sent < 10; sent++) {
      peer.send(bytes.subarray(sent, sent + 1));
      await peer.turn();
      peer.clock.advance(1000);
    }
    await peer.until(({ closed }) => closed);
    expect(peer.refusals.map(({ reason }) => reason)).toEqual(['header-timeout']);
  });
});
