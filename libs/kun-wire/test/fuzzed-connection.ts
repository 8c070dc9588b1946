import { cut, mutatedFrames, randomOf } from './mutations.js';
import { frame, PREFACE, settings } from './raw-peer.js';
import { echo, ServedPeer, silent } from './served-peer.js';

/** Runs one connection of mutated frames; throws if it still holds anything at its end, or does not end. */
export async function fuzzConnection(seed: number, frames: number): Promise<void> {
  const random = randomOf(seed);
  const peer = new ServedPeer({
    serve(seen) {
      const kind = random();
      if (kind < 0.6) return echo(seen);
      if (kind < 0.8) return silent();
      seen.call.sendStatus(Math.floor(random() * 17), 'early');
      return {};
    },
  });
  const hello = [Buffer.from(PREFACE), settings(), frame(4, 1, 0)];
  const bytes = Buffer.concat([...hello, ...mutatedFrames(peer, random, frames)]);
  for (const piece of cut(bytes, random)) {
    peer.send(piece);
    if (random() < 0.1) await peer.turn();
    if (random() < 0.05) peer.clock.advance(random() * 500);
  }
  await peer.turn();
  peer.near.end();
  await peer.turn();
  peer.clock.advance(30_000);
  await peer.turn();
  const { stats, unfinished, unsent } = peer.process;
  const left = {
    connections: stats.connectionsOpen,
    streams: stats.streamsOpen,
    unfinished: unfinished.usedBytes,
    unsent: unsent.usedBytes,
    timers: peer.clock.pending,
    ends: peer.calls.filter(({ ends }) => ends.length !== 1).length,
  };
  const wrong = Object.entries(left).filter(([, count]) => count !== 0);
  if (wrong.length > 0) throw new Error(`seed ${seed} leaves ${JSON.stringify(Object.fromEntries(wrong))}`);
}
