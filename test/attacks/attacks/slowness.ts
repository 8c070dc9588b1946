import type { Attack } from '../attack.ts';
import { pause } from '../campaign.ts';
import { data, headers, message, PREFACE, requestBlock } from '../frames.ts';

const ECHO = requestBlock('Echo');

/** Callers that never come to an end. */
export const slowness: readonly Attack[] = [
  {
    name: 'silent',
    what: '4000 connections that say nothing',
    refused: ['kun_connections_refused_total timeout', 'kun_connections_refused_total limit'],
    growthMiB: 128,
    seconds: 24,
    cut: true,
    async run(campaign) {
      await campaign.hold(await campaign.connectAll(campaign.many(4000)));
    },
  },
  {
    name: 'slow-preface',
    what: '500 connections whose preface comes by a byte a second',
    refused: ['kun_connections_refused_total timeout'],
    seconds: 24,
    cut: true,
    async run(campaign) {
      const attackers = await campaign.connectAll(campaign.many(500));
      let at = 0;
      await campaign.hold(attackers, (attacker) => {
        attacker.send(PREFACE.subarray(at % PREFACE.length, (at % PREFACE.length) + 1));
        if (attacker === attackers.findLast(({ cut }) => !cut)) at++;
      });
    },
  },
  {
    name: 'slow-headers',
    what: '500 connections whose headers come by a byte a second',
    refused: ['kun_wire_refusals_total header-timeout'],
    seconds: 16,
    cut: true,
    async run(campaign) {
      const block = headers(1, ECHO);
      const attackers = await campaign.connectAll(campaign.many(500), (attacker) => attacker.greet());
      let at = 0;
      await campaign.hold(attackers, (attacker) => {
        attacker.send(block.subarray(at, at + 1));
        if (attacker === attackers.findLast(({ cut }) => !cut)) at = Math.min(at + 1, block.length - 2);
      });
    },
  },
  {
    name: 'slow-bodies',
    what: '2000 calls on 100 connections send 150 KB of a message of 4 MB, and then a byte a second',
    refused: ['kun_wire_refusals_total unfinished-bytes'],
    cut: false,
    growthMiB: 384,
    async run(campaign) {
      const begin = message(Buffer.alloc(15_000), { claimed: 4_000_000 });
      const more = Buffer.alloc(15_000);
      const attackers = await campaign.connectAll(campaign.many(100), (attacker) => attacker.greet());
      const ids = Array.from({ length: 20 }, (_, call) => call * 2 + 1);
      for (let part = 0; part < 10; part++) {
        for (const attacker of attackers) {
          for (const id of ids) {
            if (part === 0) attacker.send(headers(id, ECHO), data(id, begin));
            else attacker.send(data(id, more));
          }
        }
        await pause(300);
      }
      const byte = Buffer.alloc(1);
      await campaign.hold(attackers, (attacker) => {
        for (const id of ids) attacker.send(data(id, byte));
      });
    },
  },
];
