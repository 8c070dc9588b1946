import { describe, expect, it } from 'vitest';
import { fuzzConnection } from './fuzzed-connection.js';
import { frame, PREFACE, settings } from './raw-peer.js';
import { ServedPeer } from './served-peer.js';

/** How long to run; by default a few hundred connections. `WIRE_FUZZ_SECONDS=600 npm run fuzz -w @kun/wire` */
const seconds = Number(process.env['WIRE_FUZZ_SECONDS'] ?? 0);
const firstSeed = Number(process.env['WIRE_FUZZ_SEED'] ?? (seconds > 0 ? Date.now() % 2 ** 31 : 1));

describe('mutated frames', () => {
  it(
    'neither crash nor leak',
    async () => {
      const until = performance.now() + seconds * 1000;
      let seed = firstSeed;
      do {
        for (let run = 0; run < 400; run++) await fuzzConnection(seed++, 40 + (seed % 100));
      } while (performance.now() < until);
      expect(seed).toBeGreaterThan(firstSeed);
    },
    (seconds + 60) * 1000,
  );
});

describe('a connection split at every byte', () => {
  it('behaves like one that is not', async () => {
    const hello = Buffer.concat([Buffer.from(PREFACE), settings([[4, 65_535]]), frame(4, 1, 0)]);
    const said = async (cutAt: number): Promise<unknown> => {
      const peer = new ServedPeer();
      const bytes = Buffer.concat([hello, peer.call(1, 'first'), peer.headers(3), peer.call(5, 'third')]);
      peer.send(bytes.subarray(0, cutAt));
      await peer.turn();
      peer.send(bytes.subarray(cutAt));
      await peer.until((p) => p.lists.get(5)?.length === 2);
      expect(peer.calls).toHaveLength(3);
      return [1, 3, 5].map((stream) => [peer.heard(stream), peer.lists.get(stream)]);
    };
    const whole = await said(0);
    for (let at = 1; at < 220; at++) expect(await said(at)).toEqual(whole);
  });
});
