import type { Attack } from '../attack.ts';
import {
  continuation,
  data,
  frame,
  headers,
  ping,
  requestBlock,
  settings,
  uint32,
  windowUpdate,
} from '../frames.ts';

const OVERHEAD = ['kun_wire_refusals_total overhead-flood'];
/** Frames of one connection a second. */
const PER_SECOND = 20_000;
const WATCH = requestBlock('Watch');

/** Frames that cost the server something and carry nothing, from 6 connections at once. */
export const floods: readonly Attack[] = [
  flood('settings', 'SETTINGS (CVE-2019-9515)', () => settings()),
  flood('ping', 'PING (CVE-2019-9512)', () => ping()),
  flood('priority', 'PRIORITY (CVE-2019-9513)', (id) => frame(2, 0, id, Buffer.alloc(5))),
  flood('window-update', 'WINDOW_UPDATE', () => windowUpdate(0, 1)),
  flood('empty-data', 'empty DATA (CVE-2019-9518)', (id) => data(id)),
  flood('go-away', 'GOAWAY', () => frame(7, 0, 0, Buffer.concat([uint32(0), uint32(0)]))),
  {
    name: 'continuation',
    what: '6 connections send CONTINUATION without end, 20 000 a second each (CVE-2024-27316)',
    refused: ['kun_wire_refusals_total too-many-continuations', 'kun_wire_refusals_total headers-too-large'],
    cut: true,
    run: (campaign) =>
      campaign.flood(6, PER_SECOND, (attacker) => attacker.send(continuation(1, FILLER)), {
        begin: (attacker) => attacker.greet().send(headers(attacker.stream(), WATCH, 0)),
      }),
  },
  {
    name: 'ping-unread',
    what: '6 connections send PING and read no answer (CVE-2019-9512)',
    refused: ['kun_wire_refusals_total control-flood', ...OVERHEAD],
    cut: true,
    async run(campaign) {
      const lot = Buffer.concat(Array.from({ length: 200 }, ping));
      while (!campaign.over) {
        const attackers = Array.from({ length: campaign.many(6) }, () =>
          campaign.connect({ reads: false }).greet(),
        );
        await campaign.hold(attackers, (attacker) => attacker.send(lot), 10);
      }
    },
  },
];

function flood(name: string, what: string, make: (id: number) => Buffer): Attack {
  return {
    name,
    what: `6 connections send ${what}, 20 000 a second each`,
    refused: OVERHEAD,
    cut: true,
    run(campaign) {
      const bytes = make(1);
      return campaign.flood(6, PER_SECOND, (attacker) => attacker.send(bytes), {
        begin: (attacker) => attacker.greet().send(headers(attacker.stream(), WATCH)),
      });
    },
  };
}

const FILLER = Buffer.from('000161017a', 'hex');
