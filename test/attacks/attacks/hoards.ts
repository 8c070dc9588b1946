import { gzipSync } from 'node:zlib';
import type { Attack } from '../attack.ts';
import type { Attacker } from '../attacker.ts';
import { pause, type Campaign } from '../campaign.ts';
import {
  data,
  echoRequest,
  Flag,
  headers,
  INITIAL_WINDOW_SIZE,
  message,
  requestBlock,
  watchRequest,
  windowUpdate,
} from '../frames.ts';

const ECHO = requestBlock('Echo');
const WATCH = requestBlock('Watch');
const UNSENT = ['kun_wire_refusals_total unsent-bytes'];

/** Callers that make the server keep large amounts of memory. */
export const hoards: readonly Attack[] = [
  {
    name: 'streams',
    what: '20 000 streams of events, on 20 connections',
    refused: [],
    cut: false,
    growthMiB: 448,
    async run(campaign) {
      await campaign.hold(await openStreams(campaign, 1000));
    },
  },
  {
    name: 'too-many-streams',
    what: '20 connections open 3000 streams each, three times as many as they may',
    refused: ['kun_wire_refusals_total too-many-streams'],
    cut: true,
    growthMiB: 448,
    async run(campaign) {
      await campaign.hold(await openStreams(campaign, 3000));
    },
  },
  {
    name: 'zero-windows',
    what: '3000 calls on 10 connections for answers of 200 KB that their windows do not let through',
    refused: UNSENT,
    cut: false,
    growthMiB: 448,
    run: (campaign) => largeCalls(campaign, { reads: true, window: 0 }),
  },
  {
    name: 'unread',
    what: '3000 calls on 10 connections for answers of 200 KB that nobody reads (CVE-2019-9517)',
    refused: UNSENT,
    cut: false,
    growthMiB: 448,
    run: (campaign) => largeCalls(campaign, { reads: false, window: 2 ** 31 - 1 }),
  },
  {
    name: 'gzip',
    what: '250 compressed messages that inflate to 4 MB each, on 10 connections',
    refused: ['kun_wire_refusals_total unfinished-bytes', ...UNSENT],
    cut: false,
    growthMiB: 448,
    async run(campaign) {
      const block = requestBlock('Echo', [['grpc-encoding', 'gzip']]);
      const bomb = message(gzipSync(echoRequest(Buffer.alloc(4_000_000, 'x'))), { compressed: true });
      const attackers = await campaign.connectAll(campaign.many(10), (attacker) => attacker.greet());
      for (const attacker of attackers) {
        for (let call = 0; call < 25; call++) {
          const id = attacker.stream();
          attacker.send(headers(id, block), data(id, bomb, Flag.endStream));
        }
      }
      await campaign.hold(attackers);
    },
  },
  {
    name: 'dribble',
    what: '6 connections read answers of 200 KB by windows of one byte, 20 000 a second (CVE-2019-9511)',
    refused: [],
    cut: false,
    async run(campaign) {
      await campaign.flood(6, 20_000, (attacker) => attacker.send(windowUpdate(1, 1)), {
        begin: (attacker) => attacker.greet([[INITIAL_WINDOW_SIZE, 0]]).send(...largeCall(attacker.stream())),
      });
    },
  },
  {
    name: 'open-files',
    what: '400 connections to a server that may have 120 open files in all',
    refused: ['kun_connections_refused_total open_files', 'kun_connections_refused_total limit'],
    cut: true,
    openFiles: 120,
    async run(campaign) {
      while (!campaign.over) {
        const attackers = await campaign.connectAll(400, (attacker) => attacker.greet());
        await campaign.hold(attackers, undefined, 200);
      }
    },
  },
];

/** Opens streams of one event a minute, `streams` of them on each of 20 connections. */
async function openStreams(campaign: Campaign, streams: number): Promise<Attacker[]> {
  const request = message(watchRequest(60_000));
  const attackers = await campaign.connectAll(campaign.many(20), (attacker) => attacker.greet());
  for (let call = 0; call < campaign.many(streams) && !campaign.over; call++) {
    for (const attacker of attackers) {
      const id = attacker.stream();
      attacker.send(headers(id, WATCH), data(id, request, Flag.endStream));
    }
    if (call % 10 === 9) await pause(10);
  }
  return attackers;
}

/** Within the window that a stream has at first. */
const LARGE = message(echoRequest(Buffer.alloc(200_000, 'x')));

function largeCall(id: number): Buffer[] {
  const frames = [headers(id, ECHO)];
  for (let at = 0; at < LARGE.length; at += 16_384) {
    const end = Math.min(at + 16_384, LARGE.length);
    frames.push(data(id, LARGE.subarray(at, end), end === LARGE.length ? Flag.endStream : 0));
  }
  return frames;
}

async function largeCalls(
  campaign: Campaign,
  { reads, window }: { readonly reads: boolean; readonly window: number },
): Promise<void> {
  const attackers = Array.from({ length: campaign.many(10) }, () =>
    campaign
      .connect({ reads })
      .greet([[INITIAL_WINDOW_SIZE, window]])
      .send(windowUpdate(0, 2 ** 31 - 1 - 65_535)),
  );
  const call = async (attacker: Attacker): Promise<void> => {
    for (let made = 0; made < campaign.many(300) && !campaign.over; await pause(10)) {
      if (attacker.stalled) continue;
      attacker.send(...largeCall(attacker.stream()));
      made++;
    }
  };
  await Promise.all(attackers.map(call));
  await campaign.hold(attackers);
}
